#!/bin/bash
# Removes the cluster. The machine usually goes next, so that a cluster that will
# not stop holds nothing up.
set -euo pipefail

cd /

ctx logger info "Removing the cluster"
if ! sudo -H -u minikube minikube delete; then
  ctx logger warning "The cluster could not be removed; it goes with the machine"
fi
