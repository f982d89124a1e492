FROM python:3.13-slim-trixie AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 REFLEX_TELEMETRY_ENABLED=false REFLEX_CHECK_LATEST_VERSION=false
WORKDIR /app

FROM base AS deps
COPY requirements.txt constraints.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv --without-pip /opt/venv && pip --python /opt/venv/bin/python install -r requirements.txt -c constraints.txt

# The page is built here: Bun, 100 MB, does not reach the last stage.
FROM deps AS page
COPY requirements-build.txt .
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/venv/bin/python install -r requirements-build.txt -c constraints.txt
ENV PATH=/opt/venv/bin:$PATH
COPY rxconfig.py ./
COPY reflex.lock reflex.lock
COPY assets assets
COPY cicd_health cicd_health
RUN --mount=type=cache,target=/root/.bun/install/cache python -m cicd_health build \
    && mkdir /out && cp -r --parents .web/build/client .web/backend .web/routes.json .web/reflex.json .web/page.sha256 /out/
# The root is read-only, so modules are compiled here: those of Python and of the libraries, too, further up and down.
RUN python -m compileall -q -j 0 --invalidation-mode unchecked-hash cicd_health \
    && cp -r --parents $(find cicd_health -name __pycache__) /out/

# What the server needs of its libraries. githubkit only signs for GitHub Apps here; its models of the whole API are 45 MB.
FROM deps AS libraries
RUN cd /opt/venv/lib/python3*/site-packages && rm -rf githubkit_schemas/v2* githubkit_schemas/latest apprise/i18n \
    && find . -name '*.pyi' -delete

# What it needs of the base: nothing to install or to build with. The list of Debian's packages stays, for scanners.
FROM base AS root
RUN groupadd -g 10001 app && useradd -u 10001 -g app -m app && install -d -o app -g app /app /data /keys \
    && printf '#!/bin/sh\nexec python -m cicd_health "$@"\n' > /usr/local/bin/cicd-health && chmod 755 /usr/local/bin/cicd-health \
    && rm -rf /usr/bin/apt* /usr/lib/apt /usr/lib/*/libapt-* /usr/bin/dpkg* /usr/bin/sqv /var/cache/debconf \
        /usr/bin/perl* /usr/lib/*/perl-base /usr/share/perl5 /usr/lib/*/gconv /usr/local/bin/pip* /usr/local/include \
    && cd /usr/local/lib/python3* && rm -rf site-packages/* ensurepip idlelib tkinter turtledemo pydoc_data \
    && python -m compileall -q -x /test/ "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"

# From nothing, so that what was removed is not carried along.
FROM scratch
COPY --from=root / /
COPY --from=libraries /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 REFLEX_TELEMETRY_ENABLED=false REFLEX_CHECK_LATEST_VERSION=false \
    HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
WORKDIR /app
# Everything the page is made of, so that the start knows that the built page is the present one.
COPY requirements.txt requirements-build.txt rxconfig.py alembic.ini ./
COPY reflex.lock reflex.lock
COPY assets assets
COPY alembic alembic
COPY cicd_health cicd_health
COPY --from=page --chown=app:app /out/ ./
COPY deploy/alive.py /usr/local/lib/alive.py
USER app
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=6 CMD ["python", "-IS", "/usr/local/lib/alive.py"]
CMD ["python", "-m", "cicd_health", "serve"]
