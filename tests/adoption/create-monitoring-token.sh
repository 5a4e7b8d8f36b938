#!/usr/bin/env bash
# What a tutorial has people run: ServiceAccount, a wide ClusterRole, its binding and a token.
# Reads KUBECTL, KUBECONFIG, NAMESPACE and NAME; can be run again.
set -euo pipefail

"$KUBECTL" get namespace "$NAMESPACE" >/dev/null 2>&1 || "$KUBECTL" create namespace "$NAMESPACE"
"$KUBECTL" get serviceaccount "$NAME-sa" -n "$NAMESPACE" >/dev/null 2>&1 ||
  "$KUBECTL" create serviceaccount "$NAME-sa" -n "$NAMESPACE"

"$KUBECTL" apply -f - <<YAML
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: $NAME-clusterrole
rules:
- apiGroups: [""]
  resources: [nodes, nodes/metrics, nodes/stats, nodes/proxy, services, endpoints, pods]
  verbs: ["get", "list", "watch"]
- apiGroups: ["apps"]
  resources: [deployments, replicasets, statefulsets, daemonsets]
  verbs: ["get", "list", "watch"]
- apiGroups: ["extensions", "networking.k8s.io"]
  resources: [ingresses]
  verbs: ["get", "list", "watch"]
- nonResourceURLs: ["/metrics"]
  verbs: ["get"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: $NAME-clusterrole-binding
subjects:
- kind: ServiceAccount
  name: $NAME-sa
  namespace: $NAMESPACE
roleRef:
  kind: ClusterRole
  name: $NAME-clusterrole
  apiGroup: rbac.authorization.k8s.io
YAML

"$KUBECTL" create token "$NAME-sa" -n "$NAMESPACE"
