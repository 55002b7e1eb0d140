#!/bin/bash
# Starts MinIO with its newest settings, now and at every start of the machine, and
# waits for it.
set -euo pipefail

ctx logger info "Starting MinIO"
sudo systemctl enable minio
sudo systemctl restart minio

for _ in {1..60}; do
  if curl --fail --silent --max-time 5 --output /dev/null http://127.0.0.1:9000/minio/health/live; then
    ctx logger info "MinIO answers"
    exit 0
  fi
  sleep 1
done
ctx logger error "MinIO does not answer after 60 seconds"
exit 1
