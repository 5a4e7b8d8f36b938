{{/*
The rights that a Job needs: exactly those that monconf asks for and uses. Takes a dict of `rights`, `verb` (apply, rotate,
remove or verify), `model`, `catalogue`, and `stale`, objects that may be there and are not wanted.
*/}}
{{- define "monconf.runner" -}}
{{- $model := .model -}}
{{- $names := $model.names -}}
{{- $here := dict "rights" .rights "namespace" $model.namespace -}}
{{- $reads := ternary (list "get" "delete") (list "get") (eq .verb "remove") -}}
{{- $writes := ternary (list "get" "create" "patch") $reads (eq .verb "apply") -}}
{{- if ne .verb "remove" -}}
{{- include "monconf.grant" (merge (dict "resource" "namespaces" "name" $model.namespace "verbs" (list "get")) $here) -}}
{{- include "monconf.grant" (merge (dict "resource" "serviceaccounts" "name" $names.account "verbs" (list "get")) $here) -}}
{{- end -}}
{{- $token := $writes -}}
{{- $handles := $reads -}}
{{- if and (has .verb (list "apply" "rotate")) (not $model.tokenless) -}}
{{- include "monconf.grant" (merge (dict "resource" "serviceaccounts/token" "name" $names.account "verbs" (list "create")) $here) -}}
{{- $handles = list "get" "create" "patch" "delete" -}}
{{- $token = ternary $writes (list "get" "patch") (eq .verb "apply") -}}
{{- else if and $model.tokenless (eq .verb "apply") -}}
{{- /* What there was before the Pod's own token was asked for is revoked. */ -}}
{{- $token = list "get" "delete" -}}
{{- $handles = list "get" "delete" -}}
{{- end -}}
{{- include "monconf.grant" (merge (dict "resource" "secrets" "name" $names.tokenSecret "verbs" $token) $here) -}}
{{- range $names.handles -}}
{{- include "monconf.grant" (merge (dict "resource" "secrets" "name" . "verbs" $handles) $here) -}}
{{- end -}}
{{- if eq $model.consumer "grafana-agent" -}}
{{- $jobs := ternary $writes $reads (has $model.form (list "agent" "monitors")) -}}
{{- if and (eq .verb "apply") (not (has $model.form (list "agent" "monitors"))) -}}
{{- $jobs = list "get" "delete" -}}
{{- end -}}
{{- include "monconf.grant" (merge (dict "resource" "secrets" "name" $names.agentJobs "verbs" $jobs) $here) -}}
{{- end -}}
{{- if and (has $model.form (list "agent" "monitors")) $model.config.attach -}}
{{- /* It is looked whether one of its own is left. */ -}}
{{- include "monconf.grant" (merge (dict "group" "monitoring.grafana.com" "resource" "grafanaagents" "name" $names.agent "verbs" (list "get")) $here) -}}
{{- end -}}
{{- range $model.objects -}}
{{- include "monconf.grant" (merge (dict "group" .group "resource" .resource "name" .name "verbs" $writes) $here) -}}
{{- end -}}
{{- range .stale -}}
{{- include "monconf.grant" (merge (dict "group" .group "resource" .resource "name" .name "verbs" (list "delete")) $here) -}}
{{- end -}}
{{- with $model.key -}}
{{- $verbs := ternary (list "get" "patch") (list "get") (has $.verb (list "apply" "remove")) -}}
{{- /* A Secret that was not there is made, and removed again once nothing is left in it. */ -}}
{{- if eq .resource "secrets" -}}
{{- $verbs = concat $verbs (get (dict "apply" (list "create") "remove" (list "delete")) $.verb | default list) -}}
{{- end -}}
{{- include "monconf.grant" (dict "rights" $.rights "namespace" .namespace "resource" .resource "name" .name "verbs" $verbs) -}}
{{- end -}}
{{- range get .catalogue.listed $model.consumer -}}
{{- include "monconf.grant" (merge (dict "group" .group "resource" .resource "verbs" (list "list")) $here) -}}
{{- end -}}
{{- if ne .verb "remove" -}}
{{- if has $model.form (list "operator" "monitors") -}}
{{- range list "prometheuses" "prometheusagents" -}}
{{- include "monconf.grant" (dict "rights" $.rights "group" "monitoring.coreos.com" "resource" . "verbs" (list "list")) -}}
{{- end -}}
{{- end -}}
{{- if has $model.form (list "operator" "agent" "monitors") -}}
{{- range ternary (list "grafanaagents") (list "grafanaagents" "metricsinstances") (eq $model.form "agent") -}}
{{- include "monconf.grant" (dict "rights" $.rights "group" "monitoring.grafana.com" "resource" . "verbs" (list "list")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if eq .verb "verify" -}}
{{- include "monconf.looking" . -}}
{{- end -}}
{{- end -}}

{{/* What a verification looks at in the consumer's place. */}}
{{- define "monconf.looking" -}}
{{- $model := .model -}}
{{- if has $model.form (list "operator" "monitors") -}}
{{- range $model.jobs -}}
{{- include "monconf.discovery" (dict "rights" $.rights "verbs" (list "list") "job" . "catalogue" $.catalogue) -}}
{{- end -}}
{{- end -}}
{{- if has $model.form (list "operator" "agent" "monitors") -}}
{{- include "monconf.grant" (dict "rights" .rights "namespace" $model.namespace "resource" "events" "verbs" (list "list")) -}}
{{- end -}}
{{- end -}}

{{/*
The ServiceAccount of a Job, with roles and bindings, as YAML documents. Takes a dict of `root`, `verb`, `model` and `hook`,
the Helm hook that they are for; empty where they are part of the release.
*/}}
{{- define "monconf.identity" -}}
{{- $root := .root -}}
{{- $name := printf "%s-%s" (include "monconf.fullname" $root) .verb -}}
{{- $catalogue := $root.Files.Get "files/catalogue.yaml" | fromYaml -}}
{{- $rights := dict -}}
{{- $stale := list -}}
{{- if has .verb (list "apply" "remove") -}}
{{- $stale = include "monconf.stale" (dict "root" $root "model" .model) | fromJsonArray -}}
{{- end -}}
{{- include "monconf.runner" (dict "rights" $rights "verb" .verb "model" .model "catalogue" $catalogue "stale" $stale) -}}
{{- $hook := .hook -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  namespace: {{ quote .model.namespace }}
  {{- include "monconf.metadata" (dict "root" $root "hook" $hook "weight" -10) | nindent 2 }}
# Only the Pods that say so have its token.
automountServiceAccountToken: false
{{- /* A release of the same name may be in another namespace. */ -}}
{{- $full := printf "%s:%s" $root.Release.Namespace $name -}}
{{- $names := dict "clusterRole" $full "clusterRoleBinding" $full "role" $name "roleBinding" $name "elsewhere" $full -}}
{{- include "monconf.roles" (dict "root" $root "rights" $rights "names" $names "account" $name "hook" $hook) -}}
{{- end -}}

{{/* Labels, and the annotations of a hook. Takes a dict of `root`, `hook` and `weight`. */}}
{{- define "monconf.metadata" -}}
labels:
  {{- include "monconf.labels" .root | nindent 2 }}
{{- with .hook }}
annotations:
  helm.sh/hook: {{ . }}
  helm.sh/hook-weight: {{ $.weight | toString | quote }}
  # What failed stays to be looked at, until the next run makes it anew.
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
  {{- if eq (int $.weight) 0 }}
  helm.sh/hook-output-log-policy: hook-succeeded,hook-failed
  {{- end }}
{{- end }}
{{- end -}}
