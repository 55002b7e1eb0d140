#!/bin/bash
# Stops MinIO; the data stays on the machine.
set -euo pipefail

ctx logger info "Stopping MinIO"
sudo systemctl disable --now minio
