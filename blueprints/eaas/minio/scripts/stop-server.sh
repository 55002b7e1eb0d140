#!/bin/bash
# Stops MinIO; the data stays on the machine.
set -euo pipefail

if ! systemctl cat minio >/dev/null 2>&1; then
  ctx logger info "MinIO was never installed; there is nothing to stop"
  exit 0
fi
ctx logger info "Stopping MinIO"
sudo systemctl disable --now minio
