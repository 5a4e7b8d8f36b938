{{/*
Rights are collected in a dict, each once, under a key of its own; an entry has `namespace` (empty for the whole cluster),
`group` and `resource` or `url`, `name` (empty for every object) and the dict `verbs`.
*/}}

{{/* Adds rights. Takes a dict of `rights`, `verbs`, `resource` or `url`, and what of `namespace`, `group` and `name` is not empty. */}}
{{- define "monconf.grant" -}}
{{- $key := printf "%s|%s|%s|%s|%s" (.namespace | default "") (.group | default "") (.resource | default "") (.url | default "") (.name | default "") -}}
{{- if not (hasKey .rights $key) -}}
{{- $_ := set .rights $key (dict "namespace" (.namespace | default "") "group" (.group | default "") "resource" (.resource | default "") "url" (.url | default "") "name" (.name | default "") "verbs" dict) -}}
{{- end -}}
{{- $entry := get .rights $key -}}
{{- range .verbs -}}{{- $_ := set $entry.verbs . true -}}{{- end -}}
{{- end -}}

{{/*
The rules that grant what is collected for `namespace` (empty for the whole cluster), as YAML. What is granted for every
object is not granted by name again, nor in a namespace what is granted in the whole cluster. Rights that differ in their
names or resources only share a rule. Takes a dict of `rights` and `namespace`.
*/}}
{{- define "monconf.rules" -}}
{{- $rules := dict -}}
{{- range $key := keys .rights | sortAlpha -}}
{{- $right := get $.rights $key -}}
{{- if eq $right.namespace $.namespace -}}
{{- $verbs := list -}}
{{- range keys $right.verbs | sortAlpha -}}
{{- $verb := . -}}
{{- $wider := false -}}
{{- range list (list "" "") (list "" $right.name) (list $right.namespace "") -}}
{{- $other := get $.rights (printf "%s|%s|%s|%s|%s" (index . 0) $right.group $right.resource $right.url (index . 1)) -}}
{{- if and $other (or (ne $other.namespace $right.namespace) (ne $other.name $right.name)) (hasKey $other.verbs $verb) -}}
{{- $wider = true -}}
{{- end -}}
{{- end -}}
{{- if not $wider -}}{{- $verbs = append $verbs $verb -}}{{- end -}}
{{- end -}}
{{- if $verbs -}}
{{- $id := printf "%s|%s|%s" $right.group (join "," $verbs) (ternary (printf "name of %s" $right.resource) (ternary "url" "all" (ne $right.url "")) (ne $right.name "")) -}}
{{- $rule := get $rules $id | default (dict "group" $right.group "verbs" $verbs "resources" list "urls" list "names" list) -}}
{{- if $right.url -}}
{{- $_ := set $rule "urls" (append $rule.urls $right.url | uniq) -}}
{{- else -}}
{{- $_ := set $rule "resources" (append $rule.resources $right.resource | uniq) -}}
{{- if $right.name -}}{{- $_ := set $rule "names" (append $rule.names $right.name | uniq) -}}{{- end -}}
{{- end -}}
{{- $_ := set $rules $id $rule -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $id := keys $rules | sortAlpha }}
{{- $rule := get $rules $id }}
{{- if $rule.urls }}
- nonResourceURLs: {{ toJson $rule.urls }}
{{- else }}
- apiGroups: {{ toJson (list $rule.group) }}
  resources: {{ toJson $rule.resources }}
{{- end }}
{{- if $rule.names }}
  resourceNames: {{ toJson $rule.names }}
{{- end }}
  verbs: {{ toJson $rule.verbs }}
{{- end }}
{{- end -}}

{{/* The namespaces that rights are collected for, but the whole cluster, as a JSON list. */}}
{{- define "monconf.namespaces" -}}
{{- $namespaces := list -}}
{{- range .rights -}}{{- if .namespace -}}{{- $namespaces = append $namespaces .namespace -}}{{- end -}}{{- end -}}
{{- $namespaces | uniq | sortAlpha | toJson -}}
{{- end -}}

{{/*
The roles that grant what is collected to a ServiceAccount of the release's namespace, each with its binding, as YAML documents
behind another. Takes a dict of `root`, `rights`, `account`, `names` (`clusterRole`, `clusterRoleBinding`, `role`,
`roleBinding`, and `elsewhere` where both have another name in other namespaces) and `hook`, which is empty where they are part
of the release.
*/}}
{{- define "monconf.roles" -}}
{{- $root := .root -}}
{{- range concat (list "") (include "monconf.namespaces" (dict "rights" .rights) | fromJsonArray) -}}
{{- $rules := include "monconf.rules" (dict "rights" $.rights "namespace" .) -}}
{{- $kind := ternary "Role" "ClusterRole" (ne . "") -}}
{{- $name := ternary $.names.role $.names.clusterRole (ne . "") -}}
{{- $binding := ternary $.names.roleBinding $.names.clusterRoleBinding (ne . "") -}}
{{- if and $.names.elsewhere (not (has . (list "" $root.Release.Namespace))) -}}
{{- $name = $.names.elsewhere -}}
{{- $binding = $.names.elsewhere -}}
{{- end -}}
{{- if $rules }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  name: {{ $name }}
  {{- with . }}
  namespace: {{ quote . }}
  {{- end }}
  {{- include "monconf.metadata" (dict "root" $root "hook" $.hook "weight" -9) | nindent 2 }}
rules:
{{- $rules }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  name: {{ $binding }}
  {{- with . }}
  namespace: {{ quote . }}
  {{- end }}
  {{- include "monconf.metadata" (dict "root" $root "hook" $.hook "weight" -8) | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ $name }}
subjects:
- kind: ServiceAccount
  name: {{ $.account }}
  namespace: {{ quote $root.Release.Namespace }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What is looked at to find the targets of `job`. Takes a dict of `rights`, `verbs`, `job` and `catalogue`. */}}
{{- define "monconf.discovery" -}}
{{- $job := .job -}}
{{- $selected := dict -}}
{{- range $job.selectors -}}
{{- $role := .role -}}
{{- range splitList "," (.field | default "") -}}
{{- $term := trim . -}}
{{- if and (hasPrefix "metadata.name=" $term) (not (hasKey $selected $role)) -}}
{{- $name := trimPrefix "metadata.name=" $term | trimPrefix "=" -}}
{{- if $name -}}{{- $_ := set $selected $role $name -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $watched := list -}}
{{- range get .catalogue.roles $job.role -}}
{{- $watched = append $watched (merge (dict "name" (get $selected .role | default "")) .) -}}
{{- end -}}
{{- range $job.attachMetadata -}}
{{- $attached := get $.catalogue.attachments . -}}
{{- $name := ternary (get $selected "node" | default "") "" (eq . "node") -}}
{{- $watched = append $watched (merge (dict "name" $name) $attached) -}}
{{- end -}}
{{- range $watched -}}
{{- $namespaces := list "" -}}
{{- if and .namespaced $job.namespaces -}}{{- $namespaces = $job.namespaces -}}{{- end -}}
{{- $right := merge (dict "rights" $.rights "verbs" $.verbs) . -}}
{{- range $namespaces -}}
{{- include "monconf.grant" (merge (dict "namespace" .) $right) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What a scrape of `job` is checked for. Takes a dict of `rights`, `job`, `catalogue` and `config`. */}}
{{- define "monconf.scraping" -}}
{{- $path := .job.path | default "/metrics" -}}
{{- $authority := .job.authority | default "none" -}}
{{- if has $authority (list "apiserver" "component") -}}
{{- include "monconf.grant" (dict "rights" .rights "url" $path "verbs" (list "get")) -}}
{{- else if eq $authority "kubelet" -}}
{{- include "monconf.grant" (dict "rights" .rights "resource" (include "monconf.kubeletResource" .) "verbs" (list "get")) -}}
{{- end -}}
{{- end -}}

{{/* What a kubelet asks the API server about, before it answers a scrape of `job`. Takes a dict of `job`, `catalogue` and `config`. */}}
{{- define "monconf.kubeletResource" -}}
{{- $path := .job.path | default "/metrics" -}}
{{- $resource := "nodes/proxy" -}}
{{- if ne (.config.kubelet | default "direct") "apiserver-proxy" -}}
{{- range .catalogue.kubelet -}}
{{- if or (eq $path .path) (hasPrefix (printf "%s/" .path) $path) -}}{{- $resource = .resource -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- $resource -}}
{{- end -}}

{{/* What whoever scrapes may do. Takes a dict of `rights` and the model's `jobs`, `catalogue`, `config`, `form`, `names`, `namespace`. */}}
{{- define "monconf.scraper" -}}
{{- range .jobs -}}
{{- $job := . -}}
{{- if ne $.form "operator" -}}
{{- if and (eq $.form "monitors") (eq .agentKind "ServiceMonitor") -}}
{{- $job = merge (dict "role" "endpoints") . -}}
{{- end -}}
{{- include "monconf.discovery" (dict "rights" $.rights "verbs" (list "list" "watch") "job" $job "catalogue" $.catalogue) -}}
{{- end -}}
{{- include "monconf.scraping" (dict "rights" $.rights "job" . "catalogue" $.catalogue "config" $.config) -}}
{{- end -}}
{{- if eq .form "alloy" -}}
{{- $secrets := list -}}
{{- if eq (.config.tokenFrom | default "pod") "secret" -}}{{- $secrets = append $secrets .names.tokenSecret -}}{{- end -}}
{{- with .config.remoteWriteBasicAuth -}}{{- $secrets = append $secrets . -}}{{- end -}}
{{- with .config.remoteWriteToken -}}{{- $secrets = append $secrets (splitList ":" . | first) -}}{{- end -}}
{{- range $secrets -}}
{{- include "monconf.grant" (dict "rights" $.rights "namespace" $.namespace "resource" "secrets" "name" . "verbs" (list "get")) -}}
{{- end -}}
{{- end -}}
{{- if eq (.config.access | default "jobs") "observer" -}}
{{- range .catalogue.observer -}}
{{- $rule := . -}}
{{- range .nonResourceURLs -}}
{{- include "monconf.grant" (dict "rights" $.rights "url" . "verbs" $rule.verbs) -}}
{{- end -}}
{{- range .resources -}}
{{- include "monconf.grant" (dict "rights" $.rights "group" (first $rule.apiGroups) "resource" . "verbs" $rule.verbs) -}}
{{- end -}}
{{- end -}}
{{- if .config.allowNodesProxy -}}
{{- include "monconf.grant" (dict "rights" .rights "resource" "nodes/proxy" "verbs" (list "get")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
