#!/bin/bash
# Stops PostgreSQL.
set -euo pipefail

ctx logger info "Stopping PostgreSQL"
sudo systemctl disable --now postgresql
