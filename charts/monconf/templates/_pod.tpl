{{/*
The Pod of a Job: it runs under the Pod Security level `restricted`, on a read-only root file system, without a folder that it
could write to. Takes a dict of `root`, `verb`, and `args`, the arguments of monconf behind the settings.
*/}}
{{- define "monconf.pod" -}}
{{- $values := .root.Values -}}
metadata:
  labels:
    {{- merge (include "monconf.labels" .root | fromYaml) ($values.pod.labels | default dict) | toYaml | nindent 4 }}
  annotations:
    {{- /* Other settings make another Pod. */}}
    {{- $settings := include "monconf.settings" .root | sha256sum | trunc 16 }}
    {{- merge (dict "monconf/settings" $settings) ($values.pod.annotations | default dict) | toYaml | nindent 4 }}
spec:
  restartPolicy: Never
  serviceAccountName: {{ include "monconf.fullname" .root }}-{{ .verb }}
  automountServiceAccountToken: true
  enableServiceLinks: false
  securityContext:
    runAsNonRoot: true
    runAsUser: {{ int64 $values.pod.runAsUser }}
    runAsGroup: {{ int64 $values.pod.runAsUser }}
    seccompProfile:
      type: RuntimeDefault
  {{- with $values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.pod.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.pod.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.pod.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.pod.priorityClassName }}
  priorityClassName: {{ quote . }}
  {{- end }}
  containers:
  - name: monconf
    image: {{ include "monconf.image" .root | quote }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    {{- /* The Job's deadline would take the Pod away with all that it says. */}}
    {{- $timeout := printf "%ds" (max 1 (sub (int64 $values.hook.activeDeadlineSeconds) 30)) }}
    args: {{ toJson (concat .args (list "--file" "/etc/monconf/monconf.yaml" "--timeout" $timeout)) }}
    env:
    - name: MONCONF_LOG_FORMAT
      value: json
    - name: MONCONF_RESULT_FILE
      value: /dev/termination-log
    {{- with $values.pod.env }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    terminationMessagePath: /dev/termination-log
    terminationMessagePolicy: FallbackToLogsOnError
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities:
        drop: [ALL]
    {{- with $values.resources }}
    resources:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    volumeMounts:
    - name: settings
      mountPath: /etc/monconf
      readOnly: true
  volumes:
  - name: settings
    configMap:
      name: {{ include "monconf.fullname" .root }}-settings
{{- end -}}

{{- define "monconf.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/*
The specification of a Job. What a repetition does not mend, which is any exit code but 75 and those of signals, is not
repeated; that a node is drained does not count. Takes what `monconf.pod` takes.
*/}}
{{- define "monconf.job" -}}
activeDeadlineSeconds: {{ int64 .root.Values.hook.activeDeadlineSeconds }}
backoffLimit: {{ int64 .root.Values.hook.backoffLimit }}
ttlSecondsAfterFinished: {{ int64 .root.Values.hook.ttlSecondsAfterFinished }}
podFailurePolicy:
  rules:
  - action: Ignore
    onPodConditions:
    - type: DisruptionTarget
      status: "True"
  - action: FailJob
    onExitCodes:
      containerName: monconf
      operator: NotIn
      values: [75, 130, 137, 143]
template:
  {{- include "monconf.pod" . | nindent 2 }}
{{- end -}}
