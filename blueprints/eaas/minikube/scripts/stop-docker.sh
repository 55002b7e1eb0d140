#!/bin/bash
# Stops Docker; its socket would start it again.
set -euo pipefail

if ! systemctl cat docker >/dev/null 2>&1; then
  ctx logger info "Docker was never installed; there is nothing to stop"
  exit 0
fi
ctx logger info "Stopping Docker"
sudo systemctl disable --now docker.socket docker
