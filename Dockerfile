# The scoring service alone. It takes the models that a build has made: run `make site` first, then
#   docker build -t journey-service .
#   docker run --rm --publish 127.0.0.1:8000:8000 journey-service
FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /opt/journey
COPY requirements-api.lock ./
RUN /opt/journey/bin/pip install --no-cache-dir --no-deps --require-hashes --requirement requirements-api.lock
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN /opt/journey/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
ENV PATH=/opt/journey/bin:$PATH PYTHONUNBUFFERED=1
COPY --from=build /opt/journey /opt/journey
COPY data/results/models/*_landed.json data/results/models/*_logistic.json data/results/models/*_xgboost.json /models/
RUN useradd --system --uid 10001 --no-create-home journey
USER 10001
WORKDIR /models
EXPOSE 8000
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
CMD ["journey", "serve", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--models", "/models"]
