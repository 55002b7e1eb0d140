#!/bin/bash
# Starts Docker, now and at every start of the machine.
set -euo pipefail

ctx logger info "Starting Docker"
sudo systemctl enable --now docker
