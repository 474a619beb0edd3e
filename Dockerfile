# Built from the self-contained publish: script/server makes it under artifacts/publish/flagstone.
#   docker build -t flagstone . && docker run -p 127.0.0.1:8080:8080 -v flagstone:/var/lib/flagstone --read-only --tmpfs /tmp flagstone
FROM debian:12-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql-15 redis-server git nodejs npm bubblewrap ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/flagstone flagstone \
 && install -d -o flagstone -g flagstone /var/lib/flagstone
COPY artifacts/publish/flagstone /opt/flagstone
USER flagstone
ENV HOME=/var/lib/flagstone TMPDIR=/var/lib/flagstone/tmp npm_config_cache=/var/lib/flagstone/npm-cache \
    Flagstone__Data=/var/lib/flagstone DOTNET_EnableDiagnostics=0
VOLUME /var/lib/flagstone
EXPOSE 8080 6443 8081
ENTRYPOINT ["/opt/flagstone/flagstone"]
CMD ["--address", "0.0.0.0"]
