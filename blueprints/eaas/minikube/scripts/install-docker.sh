#!/bin/bash
# Installs Docker from Ubuntu's own packages. Installing twice changes nothing.
set -euo pipefail

# Other scripts may install on this machine at the same time: one after the other.
packages() {
  sudo DEBIAN_FRONTEND=noninteractive flock /run/lock/slipway-apt.lock \
    apt-get -y -qq -o DPkg::Lock::Timeout=300 "$@"
}

ctx logger info "Waiting for the machine's first start to end"
sudo cloud-init status --wait >/dev/null || true

ctx logger info "Installing Docker"
packages update
packages install docker.io
