{{/* What the chart's own objects are called after; the name of a CronJob has at most 52 characters. */}}
{{- define "monconf.fullname" -}}
{{- $name := .Release.Name -}}
{{- if not (contains "monconf" $name) -}}
{{- $name = printf "%s-monconf" $name -}}
{{- end -}}
{{- $name | trunc 45 | trimSuffix "-" -}}
{{- end -}}

{{/* Labels of the chart's own objects; nobody's may take their place. */}}
{{- define "monconf.labels" -}}
{{- $labels := dict
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_")
  "app.kubernetes.io/name" "monconf"
  "app.kubernetes.io/instance" .Release.Name
  "app.kubernetes.io/version" (.Chart.AppVersion | replace "+" "_")
  "app.kubernetes.io/managed-by" .Release.Service
-}}
{{- merge $labels (.Values.commonLabels | default dict) | toYaml -}}
{{- end -}}

{{/*
The names of an instance's objects, as JSON: those of monconf itself, which reads and writes them.
Takes a dict of `consumer` and `config`.
*/}}
{{- define "monconf.names" -}}
{{- $base := get (dict "prometheus" "monitoring" "grafana-agent" "grafana-agent" "alloy" "alloy") .consumer -}}
{{- $secret := get (dict "prometheus" "prometheus-k8s-token" "grafana-agent" "grafana-agent-token" "alloy" "alloy-k8s-token") .consumer -}}
{{- $instance := .config.name | default $base -}}
{{- $monitors := ternary "k8s" "k8s-agent" (eq .consumer "prometheus") -}}
{{- $agent := "k8s-agent" -}}
{{- if ne $instance $base -}}
{{- $secret = printf "%s-k8s-token" $instance -}}
{{- $monitors = printf "%s-k8s" $instance -}}
{{- $agent = printf "%s-k8s-agent" $instance -}}
{{- end -}}
{{- dict
  "instance" $instance
  "account" (printf "%s-sa" $instance)
  "clusterRole" (printf "%s-clusterrole" $instance)
  "clusterRoleBinding" (printf "%s-clusterrole-binding" $instance)
  "role" (printf "%s-role" $instance)
  "roleBinding" (printf "%s-role-binding" $instance)
  "tokenSecret" $secret
  "handles" (list (printf "%s-a" $secret) (printf "%s-b" $secret))
  "monitors" $monitors
  "agent" $agent
  "agentJobs" (printf "%s-jobs" $agent)
  | toJson -}}
{{- end -}}
