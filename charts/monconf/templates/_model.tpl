{{/*
What follows from the settings, as JSON: `consumer`, `config`, `namespace`, `names`, `jobs`, `form`, `tokenless`, the
`objects` that the configuration is in (`group`, `resource`, `name`), and the `key` of somebody else's object, where it is in one.
Takes a dict of `root`, and of `consumer` and `config` where they are not those of the values.
*/}}
{{- define "monconf.model" -}}
{{- $consumer := .consumer | default .root.Values.consumer -}}
{{- $config := .config | default .root.Values.config | default dict -}}
{{- $catalogue := .root.Files.Get "files/catalogue.yaml" | fromYaml -}}
{{- $names := include "monconf.names" (dict "consumer" $consumer "config" $config) | fromJson -}}
{{- $jobs := include "monconf.jobs" (dict "config" $config "catalogue" $catalogue) | fromJsonArray -}}
{{- $form := include "monconf.form" (dict "consumer" $consumer "config" $config "jobs" $jobs "catalogue" $catalogue "capabilities" .root.Capabilities) -}}
{{- $model := dict
  "consumer" $consumer
  "config" $config
  "namespace" .root.Release.Namespace
  "names" $names
  "jobs" $jobs
  "form" $form
  "tokenless" (and (eq $form "alloy") (eq ($config.tokenFrom | default "pod") "pod"))
-}}
{{- $_ := set $model "objects" (include "monconf.objects" (dict "model" $model "catalogue" $catalogue) | fromJsonArray) -}}
{{- with $config.additionalScrapeConfigs -}}
{{- $_ := set $model "key" (merge (dict "resource" "secrets") (include "monconf.key" (dict "key" . "namespace" $model.namespace) | fromJson)) -}}
{{- end -}}
{{- if eq $form "key" -}}
{{- with $config.configmap -}}
{{- $_ := set $model "key" (merge (dict "resource" "configmaps") (include "monconf.key" (dict "key" . "namespace" $model.namespace) | fromJson)) -}}
{{- end -}}
{{- end -}}
{{- if not (hasKey . "config") -}}
{{- include "monconf.check" (dict "root" .root "model" $model "catalogue" $catalogue) -}}
{{- end -}}
{{- toJson $model -}}
{{- end -}}

{{/* The object of `[NAMESPACE/]NAME:KEY`, as JSON. */}}
{{- define "monconf.key" -}}
{{- $object := splitList ":" .key | first -}}
{{- $parts := splitList "/" $object -}}
{{- if eq (len $parts) 2 -}}
{{- dict "namespace" (first $parts) "name" (last $parts) | toJson -}}
{{- else -}}
{{- dict "namespace" .namespace "name" $object | toJson -}}
{{- end -}}
{{- end -}}

{{/* The objects of the release's namespace that the configuration is in, but its Secrets, as a JSON list. */}}
{{- define "monconf.objects" -}}
{{- $model := .model -}}
{{- $catalogue := .catalogue -}}
{{- $objects := list -}}
{{- if has $model.form (list "operator" "monitors") -}}
{{- range $model.jobs -}}
{{- $kind := ternary .kind .agentKind (eq $model.form "operator") -}}
{{- if $kind -}}
{{- $name := ternary $model.names.monitors (printf "%s-%s" $model.names.monitors .name) (eq .name "apiserver") -}}
{{- $known := get $catalogue.kinds $kind -}}
{{- $objects = append $objects (dict "group" $known.group "resource" $known.resource "name" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (eq $model.form "operator") $model.config.withAlerts -}}
{{- $objects = append $objects (dict "group" "monitoring.coreos.com" "resource" "prometheusrules" "name" (printf "%s-alerts" $model.names.monitors)) -}}
{{- end -}}
{{- if has $model.form (list "agent" "monitors") -}}
{{- /* The GrafanaAgent that runs somebody else's jobs too is somebody else's. */ -}}
{{- range ternary (list "metricsinstances") (list "grafanaagents" "metricsinstances") (not (empty $model.config.attach)) -}}
{{- $objects = append $objects (dict "group" "monitoring.grafana.com" "resource" . "name" $model.names.agent) -}}
{{- end -}}
{{- end -}}
{{- if eq $model.form "alloy" -}}
{{- with $model.config.configmap -}}
{{- $objects = append $objects (dict "group" "" "resource" "configmaps" "name" (splitList ":" . | first)) -}}
{{- end -}}
{{- end -}}
{{- toJson $objects -}}
{{- end -}}

{{/*
The model of what is installed, `{}` where nothing is or it cannot be asked: its settings are in the ConfigMap that is still
there when the release is upgraded.
*/}}
{{- define "monconf.installed" -}}
{{- $settings := lookup "v1" "ConfigMap" .Release.Namespace (printf "%s-settings" (include "monconf.fullname" .)) -}}
{{- $text := dig "data" "monconf.yaml" "" ($settings | default dict) -}}
{{- if $text -}}
{{- $consumer := dig "metadata" "labels" "app.kubernetes.io/component" "" $settings -}}
{{- include "monconf.model" (dict "root" . "consumer" $consumer "config" (fromYaml $text)) -}}
{{- else -}}
{}
{{- end -}}
{{- end -}}

{{/*
What monconf may have written for the release and does not want any more, as a JSON list of objects: those of every job of the
catalogue, whose names are known, and what earlier revisions have recorded. What a revision wanted whose hook has failed, or
that was rolled back, is among them. Takes a dict of `root` and `model`.
*/}}
{{- define "monconf.stale" -}}
{{- $model := .model -}}
{{- $catalogue := .root.Files.Get "files/catalogue.yaml" | fromYaml -}}
{{- $every := merge (dict "jobs" $catalogue.jobs "config" (dict "withAlerts" true)) $model -}}
{{- $known := list -}}
{{- if eq $model.consumer "prometheus" -}}
{{- $known = include "monconf.objects" (dict "model" (merge (dict "form" "operator") $every) "catalogue" $catalogue) | fromJsonArray -}}
{{- else if eq $model.consumer "grafana-agent" -}}
{{- $known = include "monconf.objects" (dict "model" (merge (dict "form" "monitors") $every) "catalogue" $catalogue) | fromJsonArray -}}
{{- $known = append $known (dict "group" "monitoring.grafana.com" "resource" "grafanaagents" "name" $model.names.agent) -}}
{{- end -}}
{{- $stale := list -}}
{{- range concat $known (include "monconf.recorded" .root | fromJsonArray) | uniq -}}
{{- if not (has . $model.objects) -}}{{- $stale = append $stale . -}}{{- end -}}
{{- end -}}
{{- toJson $stale -}}
{{- end -}}

{{/* What earlier revisions have recorded that they want, and what this one wants, as a JSON list of objects. Takes the root. */}}
{{- define "monconf.recorded" -}}
{{- $settings := lookup "v1" "ConfigMap" .Release.Namespace (printf "%s-settings" (include "monconf.fullname" .)) -}}
{{- $before := dig "metadata" "annotations" "monconf/wanted" "[]" ($settings | default dict) | fromJsonArray -}}
{{- $model := include "monconf.model" (dict "root" .) | fromJson -}}
{{- concat $before $model.objects | uniq | toJson -}}
{{- end -}}

{{/* `monconf.yaml` as the Jobs read it: the settings, and what follows from the release. */}}
{{- define "monconf.settings" -}}
{{- $model := include "monconf.model" (dict "root" .) | fromJson -}}
{{- $format := get (dict "operator" "operator" "agent" "operator" "monitors" "monitors" "mounted" (ternary "raw" "static" (eq $model.consumer "prometheus"))) $model.form -}}
{{- $settings := merge (dict "namespace" .Release.Namespace "existingAccess" true) $model.config -}}
{{- if $format -}}{{- $_ := set $settings "format" $format -}}{{- end -}}
{{- toYaml $settings -}}
{{- end -}}
