# cuda: # The GPU image, made from Dockerfile by ./scripts/cuda-dockerfile: change that file, not this.
# The CPU image. ./scripts/cuda-dockerfile makes Dockerfile.cuda from it, by the lines `# cuda: ...`.
#
# Each stage but the last lays out one layer of the image below /layer, without a trace of when and
# where it was built: the same content is the same layer, so a new handler is all that travels.

ARG BASE_IMAGE=python:3.11-slim-bookworm
ARG NUCLIO_IMAGE=quay.io/nuclio/handler-builder-python-onbuild
ARG NUCLIO_VERSION=1.14.1
ARG NUCLIO_ARCH=amd64

# What Nuclio itself builds functions from.
FROM ${NUCLIO_IMAGE}:${NUCLIO_VERSION}-${NUCLIO_ARCH} AS onbuild


# pip lives in a venv of its own and stays behind in these stages. Companies have proxies: the build
# secret `ca` takes the place of the system's certificates, the secret `pip` that of pip's settings.
FROM ${BASE_IMAGE} AS installer
ENV PATH=/opt/installer/bin:$PATH \
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore
RUN python3 -m venv /opt/installer
COPY deploy/image/seal-layer /opt/installer/bin/


# The largest layer, and the one that changes least. PyTorch's own index carries CPU builds, which
# have no hashes in our lock; with an empty TORCH_INDEX pip's index gives the builds that do.
FROM installer AS torch
# cuda: ARG TORCH_INDEX=
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN --mount=type=bind,source=requirements/torch.in,target=/requirements/torch.in \
    --mount=type=bind,source=requirements/torch.txt,target=/requirements/torch.txt \
    --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    set -eux; \
    if [ -n "$TORCH_INDEX" ]; then \
        pip install --no-compile --no-deps --target /layer/opt/torch \
            --index-url "$TORCH_INDEX" --requirement /requirements/torch.in; \
    else \
        pip install --no-compile --no-deps --target /layer/opt/torch \
            --require-hashes --requirement /requirements/torch.txt; \
    fi; \
    rm -rf /layer/opt/torch/bin; \
    seal-layer


# The venv that runs, with everything else.
FROM installer AS dependencies
COPY deploy/image/make-venv /opt/installer/bin/
RUN --mount=type=bind,source=requirements/runtime.txt,target=/requirements/runtime.txt \
    --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    set -eux; \
    make-venv /requirements/runtime.txt; \
    seal-layer


# The venv for exported models, without what they do not need.
FROM installer AS slim-dependencies
COPY deploy/image/make-venv deploy/image/slim-down /opt/installer/bin/
RUN --mount=type=bind,source=requirements/slim.txt,target=/requirements/slim.txt \
    --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    set -eux; \
    make-venv /requirements/slim.txt; \
    slim-down /layer/opt/venv/lib/python3.*/site-packages; \
    seal-layer


# MMCV's operations, which rotated boxes need, come as source only. Compiling them takes twelve
# minutes of CPU time, and depends on torch and on these two locks: this stage is kept for long.
FROM installer AS mmrotate-operations
# Debian's Python has its headers in a package of their own, Docker's has them already.
# hadolint ignore=DL3008,SC2046
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    set -eux; \
    headers=$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))'); \
    apt-get update; \
    apt-get install --yes --no-install-recommends \
        g++ \
        ninja-build \
        $(test -e "$headers/Python.h" || echo python3-dev); \
    rm -rf /var/lib/apt/lists/*
RUN --mount=type=bind,source=requirements/mmrotate-build.txt,target=/requirements/mmrotate-build.txt \
    --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    pip install --no-deps --require-hashes --requirement /requirements/mmrotate-build.txt
# 1: MMRotate 1.x, 0: MMRotate 0.x.
ARG MMROTATE=1
# torch's headers are C++20 since 2.15, and mmcv asks for C++17; neither uses what differs. Without
# -g0 -O2 the compiler takes several times as long.
RUN --mount=type=bind,source=requirements/mmrotate-ops-0.txt,target=/requirements/mmrotate-ops-0.txt \
    --mount=type=bind,source=requirements/mmrotate-ops-1.txt,target=/requirements/mmrotate-ops-1.txt \
    --mount=type=bind,from=torch,source=/layer/opt/torch,target=/opt/torch \
    --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    set -eux; \
    export PYTHONPATH=/opt/torch CFLAGS="-g0 -O2 -w" FORCE_CUDA=0 MMCV_WITH_OPS=1; \
    MAX_JOBS=$(nproc); export MAX_JOBS; \
    pip download --no-deps --no-build-isolation --no-binary :all: --require-hashes \
        --dest /source --requirement "/requirements/mmrotate-ops-$MMROTATE.txt"; \
    tar --extract --directory /source --strip-components=1 --file /source/*.tar.gz; \
    sed -i 's/-std=c++17/-std=c++20/' /source/setup.py; \
    pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /wheels /source; \
    rm -rf /source


# As the stage `dependencies`, with MMRotate in place of ultralytics.
FROM mmrotate-operations AS mmrotate-dependencies
COPY deploy/image/make-venv /opt/installer/bin/
RUN --mount=type=bind,source=requirements/mmrotate-0.txt,target=/requirements/mmrotate-0.txt \
    --mount=type=bind,source=requirements/mmrotate-1.txt,target=/requirements/mmrotate-1.txt \
    --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    set -eux; \
    pip wheel --no-deps --no-build-isolation --require-hashes --wheel-dir /wheels \
        --requirement "/requirements/mmrotate-$MMROTATE.txt"; \
    sha256sum /wheels/*.whl > /wheels/lock.txt; \
    sed -i -E 's/(\S+)  (.*)/\2 --hash=sha256:\1/' /wheels/lock.txt; \
    make-venv /wheels/lock.txt; \
    seal-layer


FROM installer AS nuclio
COPY --from=onbuild /home/nuclio/bin/processor /layer/usr/local/bin/
COPY --from=onbuild /home/nuclio/bin/py /layer/opt/nuclio
COPY deploy/image/healthcheck.py deploy/image/start /layer/usr/local/bin/
COPY deploy/image/processor.yaml /layer/etc/nuclio/config/processor/
RUN seal-layer


# A layer for each room named here, one for the photographs, which hardly ever change, and one for all
# the rest: a change sends one of them. RECORD holds a sum of every file, and would change with each.
FROM installer AS handler
RUN --mount=type=bind,source=requirements/build.txt,target=/requirements/build.txt \
    --mount=type=cache,target=/root/.cache/pip \
    --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt \
    --mount=type=secret,id=pip,target=/etc/pip.conf \
    set -eux; \
    python3 -m venv --without-pip /opt/venv; \
    pip --python /opt/venv/bin/python install --no-compile --require-hashes \
        --requirement /requirements/build.txt
COPY LICENSE README.md pyproject.toml /source/
COPY requirements /source/requirements
COPY handler /source/handler
RUN set -eux; \
    pip --python /opt/venv/bin/python install --no-compile --no-deps --no-index --no-cache-dir \
        --no-build-isolation --target /layer/opt/auto-annotate /source; \
    rm /layer/opt/auto-annotate/*.dist-info/RECORD; \
    mkdir -p /layer-photographs/opt/auto-annotate/handler/models/cache; \
    mv /layer/opt/auto-annotate/handler/models/cache/photographs \
        /layer-photographs/opt/auto-annotate/handler/models/cache/; \
    for room in models nuclio cvat server bundle parity checks commands; do \
        mkdir -p "/layer-$room/opt/auto-annotate/handler"; \
        mv "/layer/opt/auto-annotate/handler/$room" "/layer-$room/opt/auto-annotate/handler/"; \
    done; \
    seal-layer


FROM installer AS weights
COPY weights/best.pt weights/classes.txt weights/model.yaml /layer/weights/
RUN seal-layer


FROM installer AS exported-weights
COPY weights/exported /layer/weights
RUN seal-layer


# What all images have in common.
FROM ${BASE_IMAGE} AS system
RUN set -eux; \
    export SOURCE_DATE_EPOCH=0; \
    groupadd --gid 10001 annotate; \
    useradd --uid 10001 --gid 10001 --home-dir /tmp --no-create-home \
        --shell /usr/sbin/nologin annotate; \
    install --directory --owner annotate --group annotate /cache
ENV ANNOTATE_CACHE=/cache \
    HOME=/tmp \
    PATH=/opt/auto-annotate/bin:/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp
EXPOSE 8080
# What NVIDIA's container runtime brings in, where there is one.
# cuda: ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility NVIDIA_VISIBLE_DEVICES=all
ENV NVIDIA_VISIBLE_DEVICES=void
# Nuclio's own check calls anything that answers ready; this one waits for the model.
HEALTHCHECK --interval=3s --timeout=5s --start-period=600s \
    CMD ["python3", "-I", "-S", "/usr/local/bin/healthcheck.py"]
CMD ["start"]


# For exported models: no torch, and no AGPL code.
FROM system AS slim
COPY --from=slim-dependencies /layer /
COPY --from=nuclio /layer /
COPY --from=exported-weights /layer /
COPY --from=handler /layer-photographs /
COPY --from=handler /layer-models /
COPY --from=handler /layer-nuclio /
COPY --from=handler /layer-cvat /
COPY --from=handler /layer-server /
COPY --from=handler /layer-bundle /
COPY --from=handler /layer-parity /
COPY --from=handler /layer-checks /
COPY --from=handler /layer-commands /
COPY --from=handler /layer /

ARG BASE_IMAGE
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="auto-annotate without torch"
LABEL org.opencontainers.image.description="An exported detector as a Nuclio function for CVAT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"


# For models of MMRotate, without ultralytics; the demo's weights are of ultralytics.
FROM system AS mmrotate
COPY --from=torch /layer /
COPY --from=mmrotate-dependencies /layer /
COPY --from=nuclio /layer /
COPY --from=handler /layer-photographs /
COPY --from=handler /layer-models /
COPY --from=handler /layer-nuclio /
COPY --from=handler /layer-cvat /
COPY --from=handler /layer-server /
COPY --from=handler /layer-bundle /
COPY --from=handler /layer-parity /
COPY --from=handler /layer-checks /
COPY --from=handler /layer-commands /
COPY --from=handler /layer /

ARG BASE_IMAGE
ARG MMROTATE=1
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="auto-annotate with MMRotate ${MMROTATE}.x"
LABEL org.opencontainers.image.description="An oriented detector as a Nuclio function for CVAT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"


FROM system AS runtime
# From rarely to often changed.
COPY --from=torch /layer /
COPY --from=dependencies /layer /
COPY --from=nuclio /layer /
COPY --from=weights /layer /
COPY --from=handler /layer-photographs /
COPY --from=handler /layer-models /
COPY --from=handler /layer-nuclio /
COPY --from=handler /layer-cvat /
COPY --from=handler /layer-server /
COPY --from=handler /layer-bundle /
COPY --from=handler /layer-parity /
COPY --from=handler /layer-checks /
COPY --from=handler /layer-commands /
COPY --from=handler /layer /

# ultralytics is AGPL-3.0, and so the image as a whole.
ARG BASE_IMAGE
ARG VERSION=unknown
ARG REVISION=unknown
# cuda: LABEL org.opencontainers.image.title="auto-annotate with CUDA"
LABEL org.opencontainers.image.title="auto-annotate"
LABEL org.opencontainers.image.description="A trained detector as a Nuclio function for CVAT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0 AND AGPL-3.0-only" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"
