# The image of a release: what the Dockerfile of the repository makes, with a program
# that was built before. Its folder has OS/ARCH/baton-descope.
FROM gcr.io/distroless/static-debian12:nonroot@sha256:afa5c872c891853ca7fcf1f12c3edb23f7eeef36189728842dd51042ff57f7ab
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/baton-descope /usr/local/bin/baton-descope
WORKDIR /data
USER 65532:65532
ENV BATON_TMPDIR=/tmp
STOPSIGNAL SIGINT
ENTRYPOINT ["/usr/local/bin/baton-descope"]
