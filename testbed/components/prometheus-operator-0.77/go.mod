module monconf.invalid/testbed/prometheus-operator-0.77

go 1.26.0

require github.com/prometheus-operator/prometheus-operator v0.77.2
