{{/*
Refuses what monconf would refuse once its Job runs, so that `helm install` says it before anything is made. What a value may
be by itself is in values.schema.json; here is what depends on other values. Takes a dict of `root`, `model` and `catalogue`.
*/}}
{{- define "monconf.check" -}}
{{- $model := .model -}}
{{- $config := $model.config -}}
{{- $file := "a file on a machine, and a Pod has none; additionalScrapeConfigs and configmap name a key that the cluster keeps" -}}
{{- $reader := "about a Prometheus that reads files on a machine; leave it out" -}}
{{- $elsewhere := dict
  "config" $file "dropIn" $file "tokenDir" $file "tokenOwner" $file "backup" $file "rulesFile" $file "agentConfig" $file
  "reload" $reader "prometheusUrl" $reader "prometheusVersion" $reader
  "templates" "a folder on a machine, and a Pod has none; leave it out"
  "existingAccess" "the chart sets it, because the roles are the chart's; leave it out"
-}}
{{- range $key := keys $elsewhere | sortAlpha -}}
{{- if hasKey $config $key -}}{{- fail (printf "config.%s: %s" $key (get $elsewhere $key)) -}}{{- end -}}
{{- end -}}
{{- range $key := keys .catalogue.settings | sortAlpha -}}
{{- $consumers := get $.catalogue.settings $key -}}
{{- if and (hasKey $config $key) (not (has $model.consumer $consumers)) (or (ne $key "withAlerts") $config.withAlerts) -}}
{{- fail (printf "config.%s is not for %s; it is for %s" $key $model.consumer (join " and " $consumers)) -}}
{{- end -}}
{{- end -}}
{{- if and $config.namespace (ne $config.namespace $model.namespace) -}}
{{- fail (printf "config.namespace: everything is in the namespace of the release, which is %s and not %s; leave it out" $model.namespace $config.namespace) -}}
{{- end -}}
{{- $formats := get .catalogue.formats $model.consumer -}}
{{- if not (has ($config.format | default "auto") $formats) -}}
{{- fail (printf "config.format: there is no format %q for %s; it is %s" $config.format $model.consumer (join ", " $formats)) -}}
{{- end -}}
{{- range list "duration" "interval" -}}
{{- include "monconf.checkDuration" (dict "at" (printf "config.%s" .) "duration" (get $config .) "least" (ternary 600 0 (eq . "duration"))) -}}
{{- end -}}
{{- $life := include "monconf.seconds" ($config.duration | default "90d") | int64 -}}
{{- $overlap := include "monconf.seconds" (.root.Values.rotation.overlap | default "0s") | int64 -}}
{{- if gt $overlap $life -}}
{{- fail (printf "rotation.overlap: %s is longer than a token lives (config.duration)" .root.Values.rotation.overlap) -}}
{{- end -}}
{{- if gt $overlap (sub $life (div $life 3)) -}}
{{- fail (printf "rotation.overlap: %s leaves no room: the next rotation is due after two thirds of a token's life (config.duration)" .root.Values.rotation.overlap) -}}
{{- end -}}
{{- include "monconf.checkPlace" $model -}}
{{- include "monconf.checkSamples" $model -}}
{{- include "monconf.checkOwnJobs" . -}}
{{- include "monconf.checkAttachments" $model -}}
{{- include "monconf.checkNodesProxy" . -}}
{{- range .root.Values.pod.env -}}
{{- if hasPrefix "MONCONF_" .name -}}
{{- fail (printf "pod.env: %s would change settings behind the chart's back; write them under config" .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The limits of the TokenRequest API for a token's life; an interval has none. */}}
{{- define "monconf.checkDuration" -}}
{{- if .duration -}}
{{- $seconds := include "monconf.seconds" .duration | int64 -}}
{{- if and .least (lt $seconds (int64 .least)) -}}
{{- fail (printf "%s: %s is too short; the API server issues no token for less than 10m" .at .duration) -}}
{{- end -}}
{{- if gt $seconds 4294967296 -}}
{{- fail (printf "%s: %s is too long; at most 2^32 seconds are accepted, about 136y" .at .duration) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Where the configuration goes. Takes the model. */}}
{{- define "monconf.checkPlace" -}}
{{- $config := .config -}}
{{- $own := append .names.handles .names.tokenSecret -}}
{{- if and $config.additionalScrapeConfigs $config.configmap -}}
{{- fail "config.additionalScrapeConfigs and config.configmap name two places for the same jobs; leave out one of the two" -}}
{{- end -}}
{{- $text := ternary "static" "raw" (eq .consumer "grafana-agent") -}}
{{- range list "additionalScrapeConfigs" "configmap" -}}
{{- if and (get $config .) (not (has ($config.format | default "auto") (list "auto" $text))) -}}
{{- fail (printf "config.%s is for a text of the %s format, and config.format %s writes objects; leave out one of the two" . $text $config.format) -}}
{{- end -}}
{{- end -}}
{{- with $config.additionalScrapeConfigs -}}
{{- $place := include "monconf.key" (dict "key" . "namespace" $.namespace) | fromJson -}}
{{- if and (eq $place.namespace $.namespace) (has $place.name $own) -}}
{{- fail (printf "config.additionalScrapeConfigs: Secret %s is the instance's own, for its token; name another" $place.name) -}}
{{- end -}}
{{- end -}}
{{- if and (eq .form "alloy") $config.configmap -}}
{{- $place := include "monconf.key" (dict "key" $config.configmap "namespace" .namespace) | fromJson -}}
{{- if or (contains "#" $config.configmap) (ne $place.namespace .namespace) -}}
{{- fail (printf "config.configmap: %s cannot hold the configuration of Alloy; write it as NAME:KEY, in the namespace of the release" $config.configmap) -}}
{{- end -}}
{{- end -}}
{{- if and $config.selectedBy (not (has .form (list "operator" "agent" "monitors"))) -}}
{{- fail "config.selectedBy has no effect: this format writes no objects that an operator selects, or the operator's kinds are not served; leave it out" -}}
{{- end -}}
{{- if and $config.withAlerts (ne .form "operator") -}}
{{- fail "config.withAlerts writes a PrometheusRule, which prometheus-operator alone reads, and its kinds are not served or not asked for; leave it out, or say config.format: operator" -}}
{{- end -}}
{{- end -}}

{{/* Where samples go. Takes the model. */}}
{{- define "monconf.checkSamples" -}}
{{- $config := .config -}}
{{- $login := or $config.remoteWriteBasicAuth $config.remoteWriteToken -}}
{{- if and $config.attach $config.shards -}}
{{- fail "config.shards is a matter of the GrafanaAgent, and with config.attach that is somebody else's; leave out one of the two" -}}
{{- end -}}
{{- if and $config.remoteWrite $config.forwardTo -}}
{{- fail "config.remoteWrite and config.forwardTo are two places for the same samples; leave out one of the two" -}}
{{- end -}}
{{- if and $config.remoteWriteBasicAuth $config.remoteWriteToken -}}
{{- fail "config.remoteWriteBasicAuth and config.remoteWriteToken are two ways to log in at one place; leave out one of the two" -}}
{{- end -}}
{{- if and (or $login (eq .form "alloy")) (not $config.remoteWrite) (or $login (not $config.forwardTo)) -}}
{{- fail (printf "config: it is not said where samples are sent; add config.remoteWrite%s" (ternary ", or config.forwardTo for a component of the configuration beside ours" "" (and (eq .form "alloy") (not $login)))) -}}
{{- end -}}
{{- if and $login (has .form (list "mounted" "key")) -}}
{{- fail "config.remoteWriteBasicAuth and config.remoteWriteToken name a Secret, and whoever reads this configuration cannot read that; leave remote_write to agent.yaml" -}}
{{- end -}}
{{- end -}}

{{/* Jobs of the user's own. Takes what `monconf.check` takes. */}}
{{- define "monconf.checkOwnJobs" -}}
{{- $catalogue := .catalogue -}}
{{- $config := .model.config -}}
{{- $names := list -}}
{{- range $catalogue.jobs -}}{{- $names = append $names .name -}}{{- end -}}
{{- range $index, $job := $config.ownJobs -}}
{{- $at := printf "config.ownJobs[%d]" $index -}}
{{- if has .name $names -}}
{{- fail (printf "%s.name: another job is called %q; the jobs so far are %s" $at .name (join ", " $names)) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- $authority := .authority | default "none" -}}
{{- if and (ne $authority "none") (ne (.scheme | default "http") "https") -}}
{{- fail (printf "%s.authority: the token would be sent in the clear; add scheme: https" $at) -}}
{{- end -}}
{{- if and (eq $authority "kubelet") (ne .role "node") -}}
{{- fail (printf "%s.authority: kubelets are found with role: node" $at) -}}
{{- end -}}
{{- if and .insecureTLS (ne $authority "none") (ne .role "node") (not .namespaces) -}}
{{- fail (printf "%s.insecureTLS: unverified, the token would be shown to pods of every namespace; name the namespaces" $at) -}}
{{- end -}}
{{- if and (eq .role "node") .namespaces -}}
{{- fail (printf "%s.namespaces: nodes are in no namespace; leave it out" $at) -}}
{{- end -}}
{{- range .selectors -}}
{{- $selectable := get $catalogue.selectable $job.role -}}
{{- if not (has .role $selectable) -}}
{{- fail (printf "%s.selectors: the role %s has selectors of %s only, not of %s" $at $job.role (join ", " $selectable) .role) -}}
{{- end -}}
{{- end -}}
{{- range .attachMetadata -}}
{{- if not (has $job.role (get $catalogue.attachments .).roles) -}}
{{- fail (printf "%s.attachMetadata: Prometheus attaches no metadata of the %s to the role %s" $at . $job.role) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $authority "apiserver") (or (hasPrefix "/api/" (.path | default "")) (hasPrefix "/apis/" (.path | default ""))) -}}
{{- fail (printf "%s.path: is a resource of the API server, not a path of its own such as /metrics" $at) -}}
{{- end -}}
{{- $interval := .interval | default $config.interval -}}
{{- if and .timeout $interval -}}
{{- if gt (include "monconf.seconds" .timeout | int64) (include "monconf.seconds" $interval | int64) -}}
{{- fail (printf "%s.timeout: %s is longer than the interval of %s" $at .timeout $interval) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What is attached to targets, where the form knows less than Prometheus. Takes the model. */}}
{{- define "monconf.checkAttachments" -}}
{{- $known := list -}}
{{- if eq .form "alloy" -}}
{{- $known = list "node" "namespace" -}}
{{- else if or (eq .form "operator") (eq .consumer "grafana-agent") -}}
{{- $known = list "node" -}}
{{- end -}}
{{- range $job := .jobs -}}
{{- range .attachMetadata -}}
{{- if and $known (not (has . $known)) -}}
{{- fail (printf "config: job %s: metadata of the %s only is attached in this form, not of the %s; leave it out%s" $job.name (join " and " $known) . (ternary ", or say config.format: raw" "" (eq $.form "operator"))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Nobody holds nodes/proxy without having asked for it in so many words. Takes what `monconf.check` takes. */}}
{{- define "monconf.checkNodesProxy" -}}
{{- $config := .model.config -}}
{{- $proxied := eq ($config.kubelet | default "direct") "apiserver-proxy" -}}
{{- $needing := list -}}
{{- range .model.jobs -}}
{{- if and (eq (.authority | default "none") "kubelet") (eq (include "monconf.kubeletResource" (dict "job" . "config" $config "catalogue" $.catalogue)) "nodes/proxy") -}}
{{- $needing = append $needing .name -}}
{{- end -}}
{{- $moves := hasKey . "port" -}}
{{- range .relabelling -}}{{- if eq (.targetLabel | default "") "__address__" -}}{{- $moves = true -}}{{- end -}}{{- end -}}
{{- if and $proxied $moves (eq (.authority | default "none") "kubelet") -}}
{{- fail (printf "config.kubelet: job %s: its port, or another step that writes __address__, cannot be had through the API server; leave it out, or scrape kubelets directly" .name) -}}
{{- end -}}
{{- end -}}
{{- if and $needing (not $config.allowNodesProxy) -}}
{{- $hint := ternary "scrape kubelets directly (config.kubelet: direct, the default)" "the metrics of kubelets are at /metrics and below" $proxied -}}
{{- fail (printf "config: `get nodes/proxy` is needed for %s: whoever holds that right executes commands in every pod of every node; %s, or accept the risk with config.allowNodesProxy: true" (join ", " $needing) $hint) -}}
{{- end -}}
{{- if and $config.allowNodesProxy (not $needing) (ne ($config.access | default "jobs") "observer") -}}
{{- fail "config.allowNodesProxy has no effect with config.access jobs: no job needs nodes/proxy; leave it out, or ask for config.access: observer or config.kubelet: apiserver-proxy" -}}
{{- end -}}
{{- end -}}
