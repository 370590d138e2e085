# docker build --tag alert . : the server, a static binary, in an image without a shell, which runs as user 65532.
# No Docker runs where Alert is developed: that this builds and starts is not tested there, only the binary in it is.

FROM node:22-bookworm-slim AS node

FROM rust:1.91-bookworm AS build
# The web page is built with Node.js, by crates/alert-server/build.rs.
COPY --from=node /usr/local /usr/local
RUN apt-get update && apt-get install --yes --no-install-recommends musl-tools
WORKDIR /src
COPY . .
# For the image's processor: x86_64 or aarch64.
RUN rustup target add "$(uname -m)-unknown-linux-musl"
ARG SOURCE_DATE_EPOCH=0
RUN packaging/build "$(uname -m)-unknown-linux-musl" /out
RUN mkdir /state

# It has the certificates of authorities and the names of time zones, and no program.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/alert /usr/local/bin/alert
# The history and the session key, of a server without Redis.
COPY --from=build --chown=65532:65532 /state /var/lib/alert
ENV STATE_DIRECTORY=/var/lib/alert ALERT_LISTEN=0.0.0.0:5000
VOLUME /var/lib/alert
USER 65532:65532
EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s CMD ["/usr/local/bin/alert", "health"]
ENTRYPOINT ["/usr/local/bin/alert"]
