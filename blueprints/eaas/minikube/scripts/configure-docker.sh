#!/bin/bash
# Creates the user that runs the cluster; it may use Docker without sudo.
set -euo pipefail

ctx logger info "Creating user minikube"
if ! id minikube >/dev/null 2>&1; then
  sudo useradd --create-home --shell /bin/bash --groups docker minikube
fi
