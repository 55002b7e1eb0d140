#!/bin/bash
# Starts PostgreSQL, now and at every start of the machine, and waits for it.
set -euo pipefail

ctx logger info "Starting PostgreSQL"
sudo systemctl enable --now postgresql

for _ in {1..60}; do
  if pg_isready --quiet --host=127.0.0.1; then
    ctx logger info "PostgreSQL accepts connections"
    exit 0
  fi
  sleep 1
done
ctx logger error "PostgreSQL does not accept connections after 60 seconds"
exit 1
