#!/bin/bash
# Stops Docker; its socket would start it again.
set -euo pipefail

ctx logger info "Stopping Docker"
sudo systemctl disable --now docker.socket docker
