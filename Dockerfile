# The image of monconf: the static program and nothing else. Without a container engine, `cargo image` makes the same.
#
#   docker build --build-arg REVISION="$(git rev-parse HEAD)" \
#     --build-arg SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" \
#     --output type=docker,rewrite-timestamp=true,name=monconf .

FROM rust:1.95.0-slim-trixie AS build
WORKDIR /src
COPY . .
# How the program is built, and why that is the same everywhere, is in image/src/program.rs.
RUN cargo image --program /monconf

FROM scratch
ARG REVISION
LABEL org.opencontainers.image.title="monconf" \
      org.opencontainers.image.description="Connects Prometheus, Grafana Agent and Alloy to Kubernetes: least access, token and scrape configuration from one model, shown as a diff first" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build --chmod=0755 /monconf /monconf
USER 65532:65532
ENTRYPOINT ["/monconf"]
