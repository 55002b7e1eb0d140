#!/bin/bash
# Starts the cluster so that it can be reached from outside, and publishes its
# kubeconfig. Starting a cluster that runs changes nothing.
#   k8s_ip              public address of this machine
#   kubernetes_version  such as v1.37.0
set -euo pipefail

as_minikube() {
  sudo -H -u minikube "$@"
}

# The user minikube may not look into the directory that this script runs in.
cd /

ctx logger info "Starting Kubernetes $kubernetes_version"
as_minikube minikube start \
  --driver=docker \
  --kubernetes-version="$kubernetes_version" \
  --apiserver-ips="$k8s_ip" \
  --apiserver-port=8443 \
  --listen-address=0.0.0.0 \
  --ports=8443:8443 \
  --interactive=false

ctx logger info "Waiting for the node to be ready"
as_minikube kubectl wait --for=condition=Ready node --all --timeout=300s

# The file names the server by its address inside the machine.
inside=$(as_minikube kubectl config view --minify --output 'jsonpath={.clusters[0].cluster.server}')
outside="https://$k8s_ip:8443"
config=$(as_minikube kubectl config view --flatten --minify --output json)

# It goes in by standard input: arguments can be seen by others.
printf '@%s' "${config//"$inside"/"$outside"}" | ctx --stdin instance runtime-properties kubeconf
ctx logger info "Kubernetes answers at $outside"
