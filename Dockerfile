# The image of web, worker, beat and migrate: one build, four commands (docker-compose.yml).

FROM node:22-slim AS front-end
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:3.12-slim AS packages
WORKDIR /app
ENV UV_PROJECT_ENVIRONMENT=/opt/venv UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock ./
# The uv that the lock file names, as everywhere.
RUN pip install --no-cache-dir "uv==$(sed -n '/^name = "uv"$/{n;s/^version = "\(.*\)"$/\1/p;}' uv.lock)" \
    && uv sync --frozen --no-dev

FROM python:3.12-slim AS base
WORKDIR /app
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=packages /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 STATIC_ROOT=/opt/static

FROM base AS build
RUN apt-get update && apt-get install -y --no-install-recommends gettext && rm -rf /var/lib/apt/lists/*
COPY --from=front-end /app/node_modules node_modules
COPY manage.py ./
COPY hyte hyte
COPY indicators indicators
COPY municipalities municipalities
COPY negotiations negotiations
COPY templates templates
COPY static static
COPY locale locale
RUN django-admin compilemessages
# The settings want every value; these reach no server and are not kept.
RUN SECRET_KEY=only-for-the-build-only-for-the-build-only-for-the-build SITE_URL=https://build.invalid \
    DATABASE_URL=postgresql://build.invalid/hyte REDIS_URL=redis://build.invalid/0 DOCUMENTS_ROOT=/documents \
    EMAIL_URL=smtp://build.invalid:25 DEFAULT_FROM_EMAIL=hyte@build.invalid \
    python manage.py collectstatic --no-input
RUN python -m compileall -q .

FROM base
RUN useradd --system --uid 10001 --no-create-home --home-dir /tmp hyte && install -d -o hyte -g hyte /documents /backups
COPY --from=build /app /app
COPY --from=build /opt/static /opt/static
USER hyte
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=15s --start-period=30s \
    CMD ["python", "-m", "hyte.probe", "http://127.0.0.1:8000/healthz/"]
CMD ["gunicorn", "hyte.wsgi:application", "--bind", "0.0.0.0:8000", "--workers", "3", "--threads", "4", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--access-logfile", "-"]
