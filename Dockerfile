# The binaries of a release, by platform: image/linux/amd64/trailcheck and so on (see .github/workflows/release.yml).
FROM gcr.io/distroless/cc-debian12:nonroot
ARG TARGETPLATFORM
COPY ${TARGETPLATFORM}/trailcheck /usr/local/bin/trailcheck
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/trailcheck"]
