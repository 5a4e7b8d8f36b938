module monconf.invalid/testbed/grafana-agent

go 1.26.0

require github.com/grafana/agent v0.44.8
