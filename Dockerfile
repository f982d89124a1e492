# syntax=docker/dockerfile:1
FROM python:3.13-slim-trixie AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 REFLEX_TELEMETRY_ENABLED=false REFLEX_CHECK_LATEST_VERSION=false
WORKDIR /app

FROM base AS deps
COPY requirements.txt constraints.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv /opt/venv && /opt/venv/bin/pip install -r requirements.txt -c constraints.txt

# The page is built here: Bun, 100 MB, does not reach the last stage.
FROM deps AS page
COPY requirements-build.txt .
RUN --mount=type=cache,target=/root/.cache/pip /opt/venv/bin/pip install -r requirements-build.txt -c constraints.txt
ENV PATH=/opt/venv/bin:$PATH
COPY rxconfig.py ./
COPY reflex.lock reflex.lock
COPY assets assets
COPY cicd_health cicd_health
RUN --mount=type=cache,target=/root/.bun/install/cache python -m cicd_health build \
    && mkdir /out && cp -r --parents .web/build/client .web/backend .web/routes.json .web/reflex.json .web/page.sha256 /out/

FROM base
RUN groupadd -g 10001 app && useradd -u 10001 -g app -m app && install -d -o app -g app /app /data \
    && printf '#!/bin/sh\nexec python -m cicd_health "$@"\n' > /usr/local/bin/cicd-health && chmod 755 /usr/local/bin/cicd-health
COPY --from=deps /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
COPY --from=page --chown=app:app /out/ ./
# Everything the page is made of, so that the start knows that the built page is the present one.
COPY requirements.txt requirements-build.txt rxconfig.py alembic.ini ./
COPY reflex.lock reflex.lock
COPY assets assets
COPY alembic alembic
COPY cicd_health cicd_health
USER app
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --start-interval=1s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=4)"]
CMD ["python", "-m", "cicd_health", "serve"]
