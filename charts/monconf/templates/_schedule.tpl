{{/* A duration such as `90d` or `1h30m` in seconds. */}}
{{- define "monconf.seconds" -}}
{{- $units := dict "y" 31536000 "w" 604800 "d" 86400 "h" 3600 "m" 60 "s" 1 -}}
{{- $seconds := 0 -}}
{{- range regexFindAll "[0-9]+[ywdhms]" . -1 -}}
{{- $unit := substr (int (sub (len .) 1)) (len .) . -}}
{{- /* A leading zero would make an octal number of it. */ -}}
{{- $number := regexReplaceAll "^0+" (trimSuffix $unit .) "" | default "0" | int64 -}}
{{- $seconds = add $seconds (mul $number (get $units $unit)) -}}
{{- end -}}
{{- $seconds -}}
{{- end -}}

{{/*
How long the token in use lives, in seconds: as its handle says, or before there is one the least that a cluster may limit
tokens to, an hour, unless less is asked for.
*/}}
{{- define "monconf.life" -}}
{{- $model := include "monconf.model" (dict "root" .) | fromJson -}}
{{- $asked := include "monconf.seconds" ($model.config.duration | default "90d") | int64 -}}
{{- $life := min $asked 3600 -}}
{{- $secret := lookup "v1" "Secret" .Release.Namespace $model.names.tokenSecret | default dict -}}
{{- $handle := dig "metadata" "annotations" "monconf/handle" "" $secret -}}
{{- if $handle -}}
{{- $times := dig "metadata" "annotations" dict (lookup "v1" "Secret" .Release.Namespace $handle | default dict) -}}
{{- $issued := get $times "monconf/issued-at" -}}
{{- $ends := get $times "monconf/expires-at" -}}
{{- if and $issued $ends -}}
{{- $layout := "2006-01-02T15:04:05Z07:00" -}}
{{- $life = sub (toDate $layout $ends | unixEpoch | int64) (toDate $layout $issued | unixEpoch | int64) -}}
{{- end -}}
{{- end -}}
{{- $life -}}
{{- end -}}

{{/* The longest of the usual intervals that looks twice while less than a third of the token's life is left. */}}
{{- define "monconf.schedule" -}}
{{- /* To whole minutes, because the server's clock may tick between issuing and stamping. */ -}}
{{- $life := div (add (include "monconf.life" . | int64) 30) 60 -}}
{{- $minutes := max 1 (div $life 6) -}}
{{- $schedule := "* * * * *" -}}
{{- range list (list 5 "*/5 * * * *") (list 10 "*/10 * * * *") (list 30 "*/30 * * * *") (list 60 "0 * * * *") (list 120 "0 */2 * * *") (list 240 "0 */4 * * *") (list 360 "0 */6 * * *") (list 720 "0 */12 * * *") (list 1440 "0 3 * * *") -}}
{{- if le (index . 0 | int64) $minutes -}}{{- $schedule = index . 1 -}}{{- end -}}
{{- end -}}
{{- $schedule -}}
{{- end -}}
