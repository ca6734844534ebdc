# The image of a release: what the Dockerfile of the repository makes, with a program
# that was built before. Its folder has OS/ARCH/baton-descope.
FROM gcr.io/distroless/static-debian12:nonroot
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/baton-descope /usr/local/bin/baton-descope
WORKDIR /data
USER 65532:65532
ENV BATON_TMPDIR=/tmp
STOPSIGNAL SIGINT
ENTRYPOINT ["/usr/local/bin/baton-descope"]
