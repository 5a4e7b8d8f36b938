{{/*
The jobs that the settings choose, as a JSON list, each with what its rights follow from: role, namespaces, selectors,
attachMetadata, authority, path, and the kinds of monitors that carry it.
Takes a dict of `config` and `catalogue`.
*/}}
{{- define "monconf.jobs" -}}
{{- $known := .catalogue.jobs -}}
{{- $names := .catalogue.defaultJobs -}}
{{- range .config.ownJobs -}}
{{- $kind := ternary "PodMonitor" "ScrapeConfig" (and (eq .role "pod") (empty .selectors)) -}}
{{- $own := merge (dict "kind" $kind "agentKind" (ternary $kind "" (eq $kind "PodMonitor"))) . -}}
{{- range .relabelling -}}
{{- range .sourceLabels -}}
{{- if hasPrefix "__meta_kubernetes_endpointslice" . -}}
{{- $_ := set $own "agentKind" "" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $known = append $known $own -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- if .config.jobs -}}
{{- $names = .config.jobs -}}
{{- end -}}
{{- $chosen := list -}}
{{- range $known -}}
{{- if has .name $names -}}
{{- $chosen = append $chosen . -}}
{{- end -}}
{{- end -}}
{{- range $names -}}
{{- $name := . -}}
{{- $found := false -}}
{{- range $chosen -}}
{{- if eq .name $name -}}{{- $found = true -}}{{- end -}}
{{- end -}}
{{- if not $found -}}
{{- $all := list -}}
{{- range $known -}}{{- $all = append $all .name -}}{{- end -}}
{{- fail (printf "config.jobs: there is no job %q; the jobs are %s" $name (join ", " $all)) -}}
{{- end -}}
{{- end -}}
{{- toJson $chosen -}}
{{- end -}}

{{/*
The form in which the jobs are configured: operator, agent, monitors, mounted, key or alloy.
Takes a dict of `consumer`, `config`, `jobs`, `catalogue` and `capabilities`.
*/}}
{{- define "monconf.form" -}}
{{- $format := .config.format | default "auto" -}}
{{- if eq .consumer "alloy" -}}
alloy
{{- else if or .config.additionalScrapeConfigs .config.configmap -}}
key
{{- else if has $format (list "raw" "static") -}}
mounted
{{- else if eq $format "monitors" -}}
monitors
{{- else if eq .consumer "grafana-agent" -}}
{{- $kinds := list "GrafanaAgent" "MetricsInstance" -}}
{{- if and (eq $format "auto") (ne (include "monconf.served" (merge (dict "kinds" $kinds) .)) "true") -}}mounted{{- else -}}agent{{- end -}}
{{- else -}}
{{- $kinds := list -}}
{{- range .jobs -}}{{- $kinds = append $kinds .kind -}}{{- end -}}
{{- if .config.withAlerts -}}{{- $kinds = append $kinds "PrometheusRule" -}}{{- end -}}
{{- if and (eq $format "auto") (ne (include "monconf.served" (merge (dict "kinds" $kinds) .)) "true") -}}mounted{{- else -}}operator{{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether the cluster serves every one of `kinds`. */}}
{{- define "monconf.served" -}}
{{- $served := true -}}
{{- range .kinds -}}
{{- $kind := get $.catalogue.kinds . -}}
{{- if not ($.capabilities.APIVersions.Has (printf "%s/%s/%s" $kind.group $kind.version .)) -}}
{{- $served = false -}}
{{- end -}}
{{- end -}}
{{- $served -}}
{{- end -}}
