# Two stages: the compiler stays behind. The image holds the program and the certificates it trusts; it does not run as root.
FROM rust:1.95-slim-bookworm AS build
# aws-lc is C and is compiled along.
RUN apt-get update && apt-get install -y --no-install-recommends cmake clang && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --locked --profile dist && cp target/dist/dialogporten /dialogporten

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home dialogporten
USER dialogporten
COPY --from=build /dialogporten /usr/local/bin/dialogporten
ENV DIALOGPORTEN_SERVER__LISTEN=0.0.0.0:8080
EXPOSE 8080
# SIGTERM lets the instance drain.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/dialogporten"]
CMD ["serve"]
