#!/bin/bash
# Installs minikube and kubectl in fixed versions, checked against fixed sums.
set -euo pipefail

minikube_version=v1.39.0
minikube_sha256=b738496da01be06bbaf80c688f57ce25acd3849fbb518155f3a88e03ef555aa4
kubectl_version=v1.37.1
kubectl_sha256=65691ff77eb6fa44c908b77a1082c9f092c3b9733b5cefabec0d1104890e21a8

download=$(mktemp)
trap 'rm -f "$download"' EXIT

# fetch URL SHA256 TARGET installs a program, unless it is there already.
fetch() {
  if echo "$2  $3" | sha256sum --check --status 2>/dev/null; then
    return 0
  fi
  curl --fail --silent --show-error --location --retry 5 --connect-timeout 30 --max-time 900 \
    --output "$download" "$1"
  echo "$2  $download" | sha256sum --check --quiet
  sudo install -m 0755 "$download" "$3"
}

ctx logger info "Installing minikube $minikube_version"
fetch "https://github.com/kubernetes/minikube/releases/download/$minikube_version/minikube-linux-amd64" \
  "$minikube_sha256" /usr/local/bin/minikube

ctx logger info "Installing kubectl $kubectl_version"
fetch "https://dl.k8s.io/release/$kubectl_version/bin/linux/amd64/kubectl" \
  "$kubectl_sha256" /usr/local/bin/kubectl
