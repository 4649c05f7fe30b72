# One image for every role of OneOff: api, worker, beat, flower, migrate, serve.
# Build: docker build -t oneoff .

FROM python:3.13-slim AS packages
WORKDIR /build
COPY requirements/base.txt requirements/image.txt ./
# By uv, which takes a tenth of pip's time for it; it stays here.
RUN python3 -m venv /opt/tools && python3 -m venv --without-pip /opt/venv \
 && /opt/tools/bin/python -m pip install --no-cache-dir --no-compile --disable-pip-version-check \
      --require-hashes -r image.txt \
 && /opt/tools/bin/uv pip install --python /opt/venv/bin/python --no-cache --require-hashes \
      -r base.txt \
 && find /opt/venv -name tests -type d -prune -exec rm -rf {} + \
 && find /opt/venv -name '*.pyc' -delete

# The page: that of the checkout if it is built from these sources, else it is built here, with the
# Node of PyPI, so that no other image is needed.
FROM python:3.13-slim AS page
WORKDIR /build
COPY requirements requirements
COPY frontend frontend
COPY app/web app/web
RUN python3 -m requirements.page

FROM python:3.13-slim
# Jobs run as this user, too. The number is fixed so that mounted folders can be given to it.
RUN groupadd --gid 10001 oneoff \
 && useradd --uid 10001 --gid oneoff --home-dir /data --shell /bin/sh oneoff \
 && install -d -o oneoff -g oneoff -m 0700 /data
COPY --from=packages /opt/venv /opt/venv
COPY app /opt/oneoff/app
COPY --from=page /build/app/web/page /opt/oneoff/app/web/page
COPY workers /opt/oneoff/workers
COPY beat /opt/oneoff/beat
COPY migrations /opt/oneoff/migrations
COPY CHANGELOG.md LICENSE /opt/oneoff/
# As in a checkout: the code is read where it lies, and compiled once, here. So is Python's own
# library, which comes without bytecode: the user below could not keep it, at no start.
RUN for packages in /opt/venv/lib/python3*/site-packages; do echo /opt/oneoff > "$packages/oneoff.pth"; done \
 && printf '#!/bin/sh\nexec /opt/venv/bin/python -P -m app.cli "$@"\n' > /opt/venv/bin/oneoff \
 && chmod 0755 /opt/venv/bin/oneoff \
 && /opt/venv/bin/python -m compileall -q -j 0 /opt/oneoff /opt/venv/lib \
      "$(python3 -c 'import os; print(os.path.dirname(os.__file__))')"
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
# Health is checked per role, in docker-compose.yml: a worker has no port.
ENTRYPOINT ["oneoff"]
CMD ["serve"]
