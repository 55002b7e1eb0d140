#!/bin/bash
# Stops PostgreSQL.
set -euo pipefail

if ! systemctl cat postgresql >/dev/null 2>&1; then
  ctx logger info "PostgreSQL was never installed; there is nothing to stop"
  exit 0
fi
ctx logger info "Stopping PostgreSQL"
sudo systemctl disable --now postgresql
