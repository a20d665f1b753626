# syntax=docker/dockerfile:1
# Two stages: the first builds a virtual environment from the pinned versions and their hashes, the second has that
# environment, PostgreSQL's client programs (for `seatwright backup`) and a user who owns nothing but /data.
ARG PYTHON=3.11-slim-trixie

FROM python:${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements/base.txt requirements/build.txt requirements/
RUN python -m venv /opt/seatwright \
    && /opt/seatwright/bin/pip install --require-hashes -r requirements/base.txt -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY src/seatwright src/seatwright
RUN /opt/seatwright/bin/pip install --no-deps --no-build-isolation . \
    && /opt/seatwright/bin/pip uninstall --yes pip setuptools

FROM python:${PYTHON}
# The major version of these programs has to be the server's in compose.yaml, or newer; which build of it is Debian's matter.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin seatwright \
    && install -d -o seatwright -g seatwright -m 0700 /data
COPY --from=build /opt/seatwright /opt/seatwright
ENV PATH=/opt/seatwright/bin:$PATH PYTHONDONTWRITEBYTECODE=1 SEATWRIGHT_DATA=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# The server finishes running requests for up to 30 seconds: `docker stop --time 45`.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
ENTRYPOINT ["seatwright"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
