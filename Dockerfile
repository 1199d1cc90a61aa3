# syntax=docker/dockerfile:1

# Builds one image that holds one static binary. Base images are arguments, so that a company
# can point them at its own mirror and pin them by digest:
#   docker build --build-arg GO_IMAGE=mirror.example/golang@sha256:… .
ARG NODE_IMAGE=docker.io/library/node:22-bookworm-slim
ARG GO_IMAGE=docker.io/library/golang:1.26-bookworm

# ui: the browser application, which is the same for every platform.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS ui
WORKDIR /src/ui
COPY ui/package.json ui/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY ui/ ./
RUN npm run build

# build: the core plugins as WebAssembly, then the host that embeds them and the UI.
FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
ENV CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-trimpath
WORKDIR /src
COPY . .
COPY --from=ui /src/ui/dist ui/dist
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=dev
ARG COMMIT=unknown
RUN --mount=type=cache,target=/root/.cache/go-build \
    --mount=type=cache,target=/go/pkg/mod \
    sh deploy/scripts/build-plugins.sh && \
    (cd sdk && go run ./starter/pack) && \
    GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -tags timetzdata -ldflags "-s -w -X main.version=${VERSION} -X main.commit=${COMMIT}" -o /out/callboard ./host/cmd/callboard

# rootfs: everything that the image holds, and nothing else. Compiled plugin code is executable
# input and never travels: each host compiles the .wasm for itself into its data folder.
FROM build AS rootfs
RUN install -d -m 0755 /rootfs/etc/ssl/certs && \
    install -m 0444 /etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/ca-certificates.crt && \
    install -m 0555 /out/callboard /rootfs/callboard && \
    install -m 0444 LICENSE /rootfs/LICENSE && \
    install -d -m 1777 /rootfs/tmp && \
    install -d -m 0700 /owned/data

# image: deploy/scripts/image-check.sh builds and checks this stage on its own.
FROM scratch AS image
COPY --from=rootfs /rootfs/ /
# Apart from the rest, because only an explicit owner survives in every builder.
COPY --from=rootfs --chown=65532:65532 /owned/ /
LABEL org.opencontainers.image.title="Callboard" \
      org.opencontainers.image.description="A developer portal in one binary, made of sandboxed plugins." \
      org.opencontainers.image.licenses="Apache-2.0"
ENV CALLBOARD_DATA=/data
# Numbers, because there is no /etc/passwd and because Kubernetes checks runAsNonRoot by number.
USER 65532:65532
WORKDIR /data
VOLUME ["/data"]
EXPOSE 7007
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["/callboard", "doctor", "--health"]
ENTRYPOINT ["/callboard"]
CMD ["serve"]
