# Builds the connector from source:
#   docker build -t baton-descope --build-arg VERSION="$(git describe --tags --always)" .
# Releases put the programs that are released into the same image: see
# deploy/docker/release.Dockerfile.

FROM --platform=$BUILDPLATFORM golang:1.26.8@sha256:0f063af2d465d8dcae54cce04278ada488b96f77b42449c8d071e47d016cc65a AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=dev
ENV GOCACHE=/go/build
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/go/build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION" -o /out/baton-descope ./cmd/baton-descope

# No shell, no package manager; certificates, time zones, and the user 65532.
FROM gcr.io/distroless/static-debian12:nonroot@sha256:afa5c872c891853ca7fcf1f12c3edb23f7eeef36189728842dd51042ff57f7ab
COPY --from=build /out/baton-descope /usr/local/bin/baton-descope
# Where a sync without -f leaves its file: docker run -v "$PWD:/data".
WORKDIR /data
USER 65532:65532
# The root can be read-only. /tmp cannot: a sync is put together there.
ENV BATON_TMPDIR=/tmp
# Service mode ends in good order on SIGINT, and not on SIGTERM.
STOPSIGNAL SIGINT
ENTRYPOINT ["/usr/local/bin/baton-descope"]
