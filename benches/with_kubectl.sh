#!/usr/bin/env bash
# By hand what `monconf prometheus --apply` does: account, role, binding, token and its Secret.
# Reads KUBECTL, KUBECONFIG, NAMESPACE and NAME.
set -euo pipefail

exists_or() { # exists_or KIND NAME create-arguments…
  local kind=$1 name=$2
  shift 2
  "$KUBECTL" get "$kind" "$name" -n "$NAMESPACE" >/dev/null 2>&1 || "$KUBECTL" "$@"
}

exists_or namespace "$NAMESPACE" create namespace "$NAMESPACE"
exists_or serviceaccount "$NAME-sa" create serviceaccount "$NAME-sa" -n "$NAMESPACE"

"$KUBECTL" apply -f - <<YAML
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: $NAME-clusterrole
rules:
- apiGroups: [""]
  resources: [nodes/metrics]
  verbs: [get]
- nonResourceURLs: [/metrics]
  verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: $NAME-clusterrole-binding
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: $NAME-clusterrole
subjects:
- kind: ServiceAccount
  name: $NAME-sa
  namespace: $NAMESPACE
YAML

token=$("$KUBECTL" create token "$NAME-sa" -n "$NAMESPACE")

"$KUBECTL" apply -f - <<YAML
apiVersion: v1
kind: Secret
metadata:
  name: $NAME-k8s-token
  namespace: $NAMESPACE
type: Opaque
stringData:
  token: $token
YAML
