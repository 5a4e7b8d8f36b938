//! What people paste, and what is told of it. The forms are those of the programs' sources.

/// What it is, the text, and what is told: code, how often if more than once, and the sentence.
pub(super) const TEXTS: [(&str, &str, &str); 83] = [
    (
        "the article's first body",
        r#"$ curl -k -H "Authorization: Bearer $TOKEN" $APISERVER/stats/summary
{ "error": "https://127.0.0.1:6443/stats/summary returned HTTP status 403 Forbidden" }"#,
        "kubelet-path: /stats/summary is a path of the kubelet, and the API server was asked for it; no rule on nonResourceURLs helps, the kubelet checks nodes/stats.
",
    ),
    (
        "the article's second body, with its dots",
        r#"{
"status": "Failure",
"message": "nodes \"vbox\" is forbidden: User \"system:serviceaccount:monitoring:monitoring-sa\" cannot get resource \"nodes/proxy\" ...",
"code": 403
}"#,
        "nodes-proxy: ServiceAccount monitoring/monitoring-sa may not get nodes/proxy, which is checked for what goes through the API server to a kubelet; granted, it executes commands in every pod.
",
    ),
    (
        "the article's 401, which no API server sends",
        r#"{
  "kind": "Status",
  "apiVersion": "v1",
  "metadata": {},
  "status": "Failure",
  "message": "Unauthorized",
  "reason": "Expired",
  "code": 401
}"#,
        "unauthorized: The API server does not accept the token, and a 401 never says why: it may have expired, been revoked, or be another cluster's.
",
    ),
    (
        "the article's 403",
        r#"{
  "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
  "message": "nodes \"node-1\" is forbidden: User \"system:serviceaccount:monitoring:monitoring-sa\" cannot get resource \"nodes/proxy\" in API group \"\" at the cluster scope",
  "reason": "Forbidden",
  "code": 403
}"#,
        "nodes-proxy: ServiceAccount monitoring/monitoring-sa may not get nodes/proxy, which is checked for what goes through the API server to a kubelet; granted, it executes commands in every pod.
",
    ),
    (
        "a Status of a list in the whole cluster",
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods is forbidden: User \"system:serviceaccount:monitoring:prometheus\" cannot list resource \"pods\" in API group \"\" at the cluster scope","reason":"Forbidden","details":{"kind":"pods"},"code":403}"#,
        "missing-right: ServiceAccount monitoring/prometheus may not list pods in the whole cluster: no rule that is bound to it there allows that.
",
    ),
    (
        "a Status of one namespace",
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"endpointslices.discovery.k8s.io is forbidden: User \"system:serviceaccount:monitoring:prometheus\" cannot watch resource \"endpointslices\" in API group \"discovery.k8s.io\" in the namespace \"kube-system\"","reason":"Forbidden","details":{"group":"discovery.k8s.io","kind":"endpointslices"},"code":403}"#,
        "missing-right: ServiceAccount monitoring/prometheus may not watch endpointslices.discovery.k8s.io in namespace kube-system: no rule that is bound to it there allows that.
",
    ),
    (
        "a Status of a path",
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"forbidden: User \"system:serviceaccount:monitoring:monitoring-sa\" cannot get path \"/metrics\"","reason":"Forbidden","details":{},"code":403}"#,
        "missing-right: ServiceAccount monitoring/monitoring-sa may not get /metrics: no rule that is bound to it there allows that.
",
    ),
    (
        "a path of the kubelet, asked of the API server",
        r#"{"kind":"Status","status":"Failure","message":"forbidden: User \"system:serviceaccount:monitoring:monitoring-sa\" cannot get path \"/metrics/cadvisor\"","reason":"Forbidden","code":403}"#,
        "kubelet-path: /metrics/cadvisor is a path of the kubelet, and the API server was asked for it; no rule on nonResourceURLs helps, the kubelet checks nodes/metrics.
",
    ),
    (
        "no token",
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"forbidden: User \"system:anonymous\" cannot get path \"/metrics\"","reason":"Forbidden","details":{},"code":403}"#,
        "no-token: The request reached the API server without a token, as system:anonymous.
",
    ),
    (
        "a binding of a role that is not there",
        r#"Error from server (Forbidden): nodes is forbidden: User "system:serviceaccount:monitoring:prometheus" cannot list resource "nodes" in API group "" at the cluster scope: RBAC: clusterrole.rbac.authorization.k8s.io "prometheus-k8s" not found"#,
        "missing-role: ServiceAccount monitoring/prometheus may not list nodes: a binding names ClusterRole prometheus-k8s, which does not exist.
",
    ),
    (
        "the group extensions",
        r#"Error from server (Forbidden): ingresses.extensions is forbidden: User "system:serviceaccount:monitoring:prometheus" cannot list resource "ingresses" in API group "extensions" at the cluster scope"#,
        "extensions-group: ServiceAccount monitoring/prometheus may not list ingresses.extensions in the whole cluster: no cluster since 1.22 serves anything in the API group extensions, and a rule on it would not help.
",
    ),
    (
        "kubectl and a user",
        r#"Error from server (Forbidden): secrets "prometheus-k8s-token" is forbidden: User "jane" cannot get resource "secrets" in API group "" in the namespace "monitoring""#,
        "missing-right: jane may not get secrets prometheus-k8s-token in namespace monitoring: no rule that is bound to it there allows that.
",
    ),
    (
        "kubectl, logged out",
        "error: You must be logged in to the server (Unauthorized)",
        "unauthorized: The API server does not accept the token, and a 401 never says why: it may have expired, been revoked, or be another cluster's.
",
    ),
    (
        "client-go, logged out",
        r#"E1124 11:36:49.000000   41213 memcache.go:265] "Unhandled Error" err="couldn't get current server API group list: the server has asked for the client to provide credentials""#,
        "unauthorized: The API server does not accept the token, and a 401 never says why: it may have expired, been revoked, or be another cluster's.
",
    ),
    (
        "nonResourceURLs in a Role",
        r#"The Role "prometheus" is invalid: rules[1].nonResourceURLs: Invalid value: ["/metrics"]: namespaced rules cannot apply to non-resource URLs"#,
        "url-in-role: nonResourceURLs stand in a Role: paths have no namespace, so only a ClusterRole can grant them.
",
    ),
    (
        "an escalation",
        r#"Error from server (Forbidden): error when creating "role.yaml": clusterroles.rbac.authorization.k8s.io "prometheus" is forbidden: user "jane" (groups=["ops" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:
{APIGroups:[""], Resources:["nodes/metrics"], Verbs:["get"]}"#,
        "escalation: jane would grant rights without holding them: get nodes/metrics.
",
    ),
    (
        "the kubelet before 1.32",
        "Forbidden (user=system:serviceaccount:monitoring:monitoring-sa, verb=get, resource=nodes, subresource=metrics)",
        "missing-right: ServiceAccount monitoring/monitoring-sa may not get nodes/metrics: no rule that is bound to it there allows that.
",
    ),
    (
        "the kubelet since 1.32",
        "Forbidden (user=system:serviceaccount:monitoring:monitoring-sa, verb=get, resource=nodes, subresource(s)=[metrics])
",
        "missing-right: ServiceAccount monitoring/monitoring-sa may not get nodes/metrics: no rule that is bound to it there allows that.
",
    ),
    (
        "the kubelet since 1.32, two subresources",
        "Forbidden (user=system:serviceaccount:monitoring:monitoring-sa, verb=get, resource=nodes, subresource(s)=[pods proxy])
",
        "missing-right: ServiceAccount monitoring/monitoring-sa may not get nodes/pods: no rule that is bound to it there allows that.
",
    ),
    (
        "the kubelet and the proxy's subresource",
        "Forbidden (user=system:serviceaccount:monitoring:monitoring-sa, verb=get, resource=nodes, subresource=proxy)",
        "nodes-proxy: ServiceAccount monitoring/monitoring-sa may not get nodes/proxy, which is checked for what goes through the API server to a kubelet; granted, it executes commands in every pod.
",
    ),
    (
        "the kubelet and nobody",
        "Forbidden (user=system:anonymous, verb=get, resource=nodes, subresource(s)=[metrics])",
        "kubelet-without-webhook: The kubelet takes the request for anonymous: no token was sent, or the kubelet does not check tokens (--authentication-token-webhook is off).
",
    ),
    (
        "the kubelet that cannot ask",
        "Authorization error (user=system:serviceaccount:monitoring:monitoring-sa, verb=get, resource=nodes, subresource=metrics)",
        "cannot-authorize: The one who was asked could not find out from the API server what the caller may do.
",
    ),
    (
        "the kubelet's log",
        r#"I1124 11:36:49.123456    1234 server.go:321] "Forbidden" user="system:serviceaccount:monitoring:prometheus" verb="get" resource="nodes" subresource="metrics"
I1124 11:36:49.123777    1234 httplog.go:134] "HTTP" verb="GET" URI="/metrics" latency="1.2ms" userAgent="Prometheus/3.5.0" audit-ID="" srcIP="10.0.0.9:49134" resp=403"#,
        "missing-right: ServiceAccount monitoring/prometheus may not get nodes/metrics: no rule that is bound to it there allows that.
",
    ),
    (
        "the kubelet's log since 1.32",
        r#"I1124 11:36:49.123456    1234 server.go:378] "Forbidden" user="system:serviceaccount:monitoring:prometheus" verb="get" resource="nodes" subresource(s)=["metrics"]"#,
        "missing-right: ServiceAccount monitoring/prometheus may not get nodes/metrics: no rule that is bound to it there allows that.
",
    ),
    (
        "a bare 401 of one word",
        "Unauthorized
",
        "unauthorized: The server does not accept the token, and a 401 never says why: it may have expired, been revoked, or be another cluster's.
",
    ),
    (
        "kube-rbac-proxy and a path",
        "Forbidden (user=system:serviceaccount:monitoring:prometheus-k8s, verb=get, resource=, subresource=)
",
        "missing-right: kube-rbac-proxy denies ServiceAccount monitoring/prometheus-k8s the path that was asked for.
",
    ),
    (
        "kube-rbac-proxy and a resource",
        "Forbidden (user=system:serviceaccount:monitoring:prometheus-k8s, verb=get, resource=services, subresource=proxy)",
        "missing-right: ServiceAccount monitoring/prometheus-k8s may not get services/proxy in the whole cluster: no rule that is bound to it there allows that.
",
    ),
    (
        "kube-rbac-proxy's log",
        r#"I1124 11:36:49.000000       1 auth.go:67] Forbidden (user=system:serviceaccount:monitoring:prometheus-k8s, verb=get, resource=, subresource=). Reason: "".
E1124 11:36:50.000000       1 auth.go:47] Unable to authenticate the request due to an error: [invalid bearer token, service account token has expired]"#,
        "missing-right: kube-rbac-proxy denies ServiceAccount monitoring/prometheus-k8s the path that was asked for.
token-expired: The token has expired.
",
    ),
    (
        "Prometheus' targets",
        r#"{"status":"success","data":{"activeTargets":[
 {"scrapePool":"k8s-kubelet","scrapeUrl":"https://10.0.0.5:10250/metrics","lastError":"server returned HTTP status 403 Forbidden","health":"down"},
 {"scrapePool":"k8s-kubelet","scrapeUrl":"https://10.0.0.6:10250/metrics","lastError":"server returned HTTP status 403 Forbidden","health":"down"},
 {"scrapePool":"k8s-apiserver","scrapeUrl":"https://10.0.0.1:6443/metrics","lastError":"server returned HTTP status 401 Unauthorized","health":"down"},
 {"scrapePool":"node","scrapeUrl":"http://10.0.0.5:9100/metrics","lastError":"Get \"http://10.0.0.5:9100/metrics\": dial tcp 10.0.0.5:9100: connect: connection refused","health":"down"}]}}"#,
        "forbidden (2): The kubelet knows the caller and denies the request; for that address it checks get nodes/metrics.
unauthorized: The API server does not accept the token, and a 401 never says why: it may have expired, been revoked, or be another cluster's.
refused: Nobody listens at that address and port, or a firewall refuses the connection.
",
    ),
    (
        "Prometheus' lastError, through the API server",
        r#"{"scrapeUrl":"https://10.0.0.1:6443/api/v1/nodes/node-1/proxy/metrics","lastError":"server returned HTTP status 403 Forbidden"}"#,
        "nodes-proxy: The caller may not get nodes/proxy, which is checked for what goes through the API server to a kubelet; granted, it executes commands in every pod.
",
    ),
    (
        "Prometheus' page of targets",
        r#"https://10.0.0.5:10250/metrics	DOWN	instance="10.0.0.5:10250" job="kubelet"	12.3s ago	4.1ms	server returned HTTP status 401 Unauthorized"#,
        "unauthorized: The kubelet does not accept the token, and a 401 never says why: it may have expired, been revoked, or be another cluster's.
",
    ),
    (
        "Prometheus and an unknown authority",
        r#"Get "https://10.0.0.5:10250/metrics": tls: failed to verify certificate: x509: certificate signed by unknown authority"#,
        "unknown-ca: The server's certificate is signed by an authority that the client does not know.
",
    ),
    (
        "Prometheus and another name",
        r#"Get "https://203.0.113.9:6443/metrics": tls: failed to verify certificate: x509: certificate is valid for 10.96.0.1, 10.0.0.1, not 203.0.113.9"#,
        "wrong-name: The server's certificate is for another name or address: certificate is valid for 10.96.0.1, 10.0.0.1, not 203.0.113.9.
",
    ),
    (
        "Prometheus and no name",
        r#"Get "https://10.0.0.5:10250/metrics": x509: cannot validate certificate for 10.0.0.5 because it doesn't contain any IP SANs"#,
        "wrong-name: The server's certificate is for another name or address: cannot validate certificate for 10.0.0.5 because it doesn't contain any IP SANs.
",
    ),
    (
        "Prometheus and an old certificate",
        r#"Get "https://10.0.0.1:6443/metrics": x509: certificate has expired or is not yet valid: current time 2026-11-24T11:36:49Z is after 2026-11-01T00:00:00Z"#,
        "certificate-expired: A certificate has expired or is not valid yet, or the client's clock is wrong.
",
    ),
    (
        "Prometheus and time",
        r#"Get "https://10.0.0.5:10250/metrics/cadvisor": context deadline exceeded"#,
        "timeout: No answer came in time: packets are dropped on the way, or the target is too slow for the timeout.
",
    ),
    (
        "Prometheus and a web page",
        r#"received unsupported Content-Type "text/html; charset=utf-8" and no fallback_scrape_protocol specified for target"#,
        "not-metrics: The answer is no metrics: a web page, a login page, or another service.
",
    ),
    (
        "Prometheus and an answer without Content-Type",
        "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target",
        "content-type: The target answers without a Content-Type; Prometheus 3 refuses such an answer, also where it holds metrics.
",
    ),
    (
        "Prometheus and a Content-Type of another format",
        r#"received unsupported Content-Type "application/json" and no fallback_scrape_protocol specified for target"#,
        "content-type: The target answers with Content-Type \"application/json\"; Prometheus 3 refuses such an answer, also where it holds metrics.
",
    ),
    (
        "Prometheus and a Content-Type that is none",
        r#"{"lastError": "cannot parse Content-Type \"text/plain; charset\" and no fallback_scrape_protocol for target\nmime: invalid media parameter"}"#,
        "content-type: The target answers with Content-Type \"text/plain; charset\"; Prometheus 3 refuses such an answer, also where it holds metrics.
",
    ),
    (
        "Prometheus 2 and a web page",
        r#"expected a valid start token, got "<" ("INVALID") while parsing: "<""#,
        "not-metrics: The answer is no metrics: a web page, a login page, or another service.
",
    ),
    (
        "Prometheus and a scheme",
        r#"Get "https://10.0.0.5:9100/metrics": http: server gave HTTP response to HTTPS client"#,
        "wrong-scheme: One side speaks HTTP and the other HTTPS.
",
    ),
    (
        "Prometheus and a missing token",
        r#"Get "https://10.0.0.1:6443/metrics": unable to read authorization credentials: unable to read file /etc/prometheus/k8s/token: open /etc/prometheus/k8s/token: no such file or directory"#,
        "credentials-file: The client cannot read the file that holds its token: unable to read file /etc/prometheus/k8s/token: open /etc/prometheus/k8s/token: no such file or directory.
",
    ),
    (
        "Prometheus' log of discovery",
        r#"time=2026-11-24T11:36:49.123Z level=ERROR source=reflector.go:205 msg="Failed to watch" component=k8s_client_runtime err="failed to list *v1.Endpoints: endpoints is forbidden: User \"system:serviceaccount:monitoring:prometheus\" cannot list resource \"endpoints\" in API group \"\" at the cluster scope"
time=2026-11-24T11:37:19.123Z level=ERROR source=reflector.go:205 msg="Failed to watch" component=k8s_client_runtime err="failed to list *v1.Endpoints: endpoints is forbidden: User \"system:serviceaccount:monitoring:prometheus\" cannot list resource \"endpoints\" in API group \"\" at the cluster scope"
time=2026-11-24T11:37:19.456Z level=ERROR source=reflector.go:205 msg="Failed to watch" component=k8s_client_runtime err="failed to list *v1.Pod: pods is forbidden: User \"system:serviceaccount:monitoring:prometheus\" cannot list resource \"pods\" in API group \"\" at the cluster scope""#,
        "missing-right (2): ServiceAccount monitoring/prometheus may not list endpoints in the whole cluster: no rule that is bound to it there allows that.
missing-right: ServiceAccount monitoring/prometheus may not list pods in the whole cluster: no rule that is bound to it there allows that.
",
    ),
    (
        "Prometheus' log in JSON",
        r#"{"time":"2026-11-24T11:36:49Z","level":"ERROR","msg":"Failed to watch","err":"failed to list *v1.Node: nodes is forbidden: User \"system:serviceaccount:monitoring:prometheus\" cannot list resource \"nodes\" in API group \"\" at the cluster scope"}"#,
        "missing-right: ServiceAccount monitoring/prometheus may not list nodes: no rule that is bound to it there allows that.
",
    ),
    (
        "a log in a log",
        r#"{"log":"level=error err=\"services is forbidden: User \\\"system:serviceaccount:monitoring:prometheus\\\" cannot watch resource \\\"services\\\" in API group \\\"\\\" in the namespace \\\"default\\\"\"\n","stream":"stderr"}"#,
        "missing-right: ServiceAccount monitoring/prometheus may not watch services in namespace default: no rule that is bound to it there allows that.
",
    ),
    (
        "Prometheus' log of a scrape",
        r#"time=2026-11-24T11:36:49Z level=DEBUG source=scrape.go:1398 msg="Scrape failed" component="scrape manager" scrape_pool=k8s-cadvisor target=https://10.0.0.5:10250/metrics/cadvisor err="server returned HTTP status 403 Forbidden""#,
        "forbidden: The kubelet knows the caller and denies the request; for that address it checks get nodes/metrics.
",
    ),
    (
        "the API server's log: expired",
        r#"E1126 03:38:26.776766       1 authentication.go:75] "Unable to authenticate the request" err="[invalid bearer token, service account token has expired]"
E1126 03:39:26.818075       1 authentication.go:75] "Unable to authenticate the request" err="[invalid bearer token, service account token has expired]""#,
        "token-expired (2): The token has expired.
",
    ),
    (
        "the API server's log: revoked",
        r#"E1126 03:38:26.776766       1 authentication.go:75] "Unable to authenticate the request" err="[invalid bearer token, service account token has been invalidated]""#,
        "bound-object-deleted: The token has been revoked: the Secret, Pod or Node that it is bound to was deleted or replaced.
",
    ),
    (
        "the API server's log: not yet",
        r#"E1126 03:38:26.776766       1 authentication.go:75] "Unable to authenticate the request" err="[invalid bearer token, service account token is not valid yet]""#,
        "token-not-yet-valid: The token is not valid yet by the API server's clock.
",
    ),
    (
        "the API server's log: another audience",
        r#"E1126 03:38:26.776766       1 authentication.go:75] "Unable to authenticate the request" err="[invalid bearer token, token audiences [\"vault\"] is invalid for the target audiences [\"https://kubernetes.default.svc.cluster.local\"]]""#,
        "wrong-audience: The token is for another audience than this cluster's API server (vault instead of https://kubernetes.default.svc.cluster.local).
",
    ),
    (
        "the API server's log: another key",
        r#"E1126 03:38:26.776766       1 authentication.go:75] "Unable to authenticate the request" err="[invalid bearer token, go-jose/go-jose: error in cryptographic primitive]""#,
        "wrong-key: None of this cluster's keys has signed the token: it is another cluster's, the keys were replaced, or it was changed on the way.
",
    ),
    (
        "the API server's log: no issuer of ours",
        r#"E1126 03:38:26.776766       1 authentication.go:75] "Unable to authenticate the request" err="invalid bearer token""#,
        "garbage-token: Nobody in this cluster knows what was sent as a token: it is cut off or garbled, or another cluster's.
",
    ),
    (
        "a TokenReview: made again",
        r#"{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","spec":{"token":"eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJodHRwczovL2t1YmVybmV0ZXMuZGVmYXVsdCJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ"},"status":{"user":{},"error":"[invalid bearer token, service account UID (0b6b6a3c-1111-4f7e-9c7b-b1c8d3a4f001) does not match claim (5e0c8a1c-2222-4f7e-9c7b-b1c8d3a4f002)]"}}"#,
        "account-recreated: The ServiceAccount was deleted and made again after the token was issued: the new one has another UID.
",
    ),
    (
        "a TokenReview: deleted",
        r#"{"kind":"TokenReview","status":{"user":{},"error":"[invalid bearer token, serviceaccounts \"monitoring-sa\" not found]"}}"#,
        "account-deleted: The token's ServiceAccount monitoring-sa no longer exists.
",
    ),
    (
        "a TokenReview: another issuer",
        r#"{"kind":"TokenReview","status":{"user":{},"error":"token issuer \"https://old.example\" is invalid"}}"#,
        "wrong-issuer: The token's issuer https://old.example is not this cluster's: another cluster has issued it, or the cluster's issuer has changed.
",
    ),
    (
        "curl -v and the kubelet",
        "> GET /metrics HTTP/1.1
> Host: 10.0.0.5:10250
> Authorization: Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJodHRwczovL2t1YmVybmV0ZXMuZGVmYXVsdCJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ
>
< HTTP/1.1 403 Forbidden
< Date: Tue, 24 Nov 2026 11:36:49 GMT
< Content-Type: text/plain; charset=utf-8
<
Forbidden (user=system:serviceaccount:monitoring:monitoring-sa, verb=get, resource=nodes, subresource(s)=[metrics])",
        "missing-right: ServiceAccount monitoring/monitoring-sa may not get nodes/metrics: no rule that is bound to it there allows that.
",
    ),
    (
        "curl -f",
        "curl: (22) The requested URL returned error: 401",
        "unauthorized: The server does not accept the token, and a 401 never says why: it may have expired, been revoked, or be another cluster's.
",
    ),
    (
        "curl and an unknown authority",
        r#"$ curl -H "Authorization: Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJodHRwczovL2t1YmVybmV0ZXMuZGVmYXVsdCJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ" https://10.0.0.1:6443/metrics
curl: (60) SSL certificate problem: unable to get local issuer certificate
More details here: https://curl.se/docs/sslcerts.html"#,
        "unknown-ca: The server's certificate is signed by an authority that the client does not know.
",
    ),
    (
        "curl and another name",
        "curl: (60) SSL: no alternative certificate subject name matches target host name '203.0.113.9'",
        "wrong-name: The server's certificate is for another name or address: no alternative certificate subject name matches target host name '203.0.113.9'.
",
    ),
    (
        "curl and nobody",
        "curl: (7) Failed to connect to 10.0.0.1 port 6443 after 0 ms: Connection refused",
        "refused: Nobody listens at that address and port, or a firewall refuses the connection.
",
    ),
    (
        "curl and no host",
        "curl: (6) Could not resolve host: kube.example",
        "unknown-host: The host's name is not known to the client's DNS.
",
    ),
    (
        "curl and time",
        "curl: (28) Connection timed out after 5001 milliseconds",
        "timeout: No answer came in time: packets are dropped on the way, or the target is too slow for the timeout.
",
    ),
    (
        "curl and no route",
        "curl: (7) Failed to connect to 10.9.9.9 port 10250 after 3080 ms: No route to host",
        "unreachable: There is no route from the client to that address.
",
    ),
    (
        "curl and an end",
        "curl: (52) Empty reply from server",
        "connection-closed: The connection was closed before there was an answer.
",
    ),
    (
        "curl and a wrong scheme",
        "Client sent an HTTP request to an HTTPS server.",
        "wrong-scheme: One side speaks HTTP and the other HTTPS.
",
    ),
    (
        "etcd",
        r#"Get "https://10.0.0.1:2379/metrics": remote error: tls: bad certificate"#,
        "client-certificate: The server wants a client certificate that it trusts; a token is not enough, as with etcd.
",
    ),
    (
        "a path that is not there",
        "404 page not found
",
        "not-found: The server has nothing at that path.
",
    ),
    (
        "a resource that is not there",
        "Error from server (NotFound): the server could not find the requested resource",
        "not-found: The API server has nothing at that path.
",
    ),
    (
        "an old version",
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version: 1 (5000)","reason":"Expired","code":410}"#,
        "list-expired: A list or watch went on from a version that the API server no longer has; Expired is about that, not about a token, and clients list again by themselves.
",
    ),
    (
        "too many requests",
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Too many requests, please try again later.","reason":"TooManyRequests","code":429}"#,
        "too-many-requests: The server takes no more requests right now (429).
",
    ),
    (
        "a failing server",
        r#"{"scrapeUrl":"https://metrics.example/metrics","lastError":"server returned HTTP status 503 Service Unavailable"}"#,
        "server-error: The server itself failed (503).
",
    ),
    (
        "a login page",
        "<!DOCTYPE html>
<html><head><title>Log in</title></head></html>",
        "not-metrics: The answer is no metrics: a web page, a login page, or another service.
",
    ),
    (
        "mangled: quotes of a blog",
        "nodes “node-1” is forbidden: User “system:serviceaccount:monitoring:monitoring-sa” cannot list resource “nodes” in API group “” at the cluster scope",
        "missing-right: ServiceAccount monitoring/monitoring-sa may not list nodes node-1: no rule that is bound to it there allows that.
",
    ),
    (
        "mangled: broken into lines",
        r#"Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:monito
ring:monitoring-sa" cannot list resource "pods" in API group "" in the namespace "sh
op""#,
        "missing-right: ServiceAccount monitoring/monitoring-sa may not list pods in namespace shop: no rule that is bound to it there allows that.
",
    ),
    (
        "mangled: colours and carriage returns",
        "\u{1b}[31mcurl: (7) Failed to connect to 10.0.0.1 port 6443: Connection refused\u{1b}[0m\r\n",
        "refused: Nobody listens at that address and port, or a firewall refuses the connection.
",
    ),
    (
        "truncated: a Status",
        r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"pods is forbidden: User \"system:serviceaccount:monitoring:prometheus\" cannot list resource \"pods\" in API group \"\" at the cluster scope","reas"#,
        "missing-right: ServiceAccount monitoring/prometheus may not list pods in the whole cluster: no rule that is bound to it there allows that.
",
    ),
    (
        "truncated: the kubelet",
        "Forbidden (user=system:serviceaccount:monitoring:monitoring-sa, verb=get, resource=nodes, subres",
        "",
    ),
    (
        "truncated: a sentence",
        r#"pods is forbidden: User "system:serviceaccount:monitoring:prometheus" cannot list resource "pods" in API gr"#,
        "",
    ),
    (
        "nothing at all",
        "",
        "",
    ),
    (
        "a poem",
        "Der Mond ist aufgegangen,
die goldnen Sternlein prangen",
        "",
    ),
    (
        "all is well",
        r#"{"status":"success","data":{"activeTargets":[{"scrapeUrl":"https://10.0.0.5:10250/metrics","lastError":"","health":"up"}]}}"#,
        "",
    ),
    (
        "a wildcard of bytes",
        r#"\\\"{{[[ User " cannot Forbidden (user=, verb=\"#,
        "",
    ),
];
