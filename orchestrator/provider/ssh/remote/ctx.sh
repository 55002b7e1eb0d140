#!/bin/sh
# ctx asks Slipway about the operation that this script belongs to.
#   ctx [-j] [--stdin] VERB [ARGUMENT...]
# -j prints JSON (with python3); --stdin reads the last argument from standard
# input, so that a secret is in no process list; an argument that starts with
# "@" is JSON.
set -u
if command -v python3 >/dev/null 2>&1; then
  exec python3 "${0%/*}/ctx.py" "$@"
fi
command -v curl >/dev/null 2>&1 || { echo "ctx needs python3 or curl" >&2; exit 69; }
stdin=
timeout=30
while :; do
  case ${1:-} in
    --stdin) stdin=1; shift ;;
    -t|--timeout) timeout=${2:?ctx: -t needs seconds}; shift 2 ;;
    -j|--json-output) echo "ctx -j needs python3" >&2; exit 69 ;;
    *) break ;;
  esac
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
encode() { base64 | tr -d '\n'; echo; }
for argument; do printf '%s' "$argument" | encode; done >"$work/body"
[ -z "$stdin" ] || encode >>"$work/body"
case $CTX_SOCKET_URL in
  unix:*) printf 'unix-socket = "%s"\nurl = "http://ctx/"\n' "${CTX_SOCKET_URL#unix:}" ;;
  *) printf 'url = "%s"\n' "$CTX_SOCKET_URL" ;;
esac >"$work/config"
printf 'header = "Authorization: Bearer %s"\nheader = "Content-Type: text/plain"\n' "$CTX_TOKEN" >>"$work/config"
# While Slipway restarts nobody listens; it comes back. Asking twice is safe.
tries=0
while :; do
  status=$(curl -sS --max-time "$timeout" -K "$work/config" --data-binary "@$work/body" -o "$work/answer" -w '%{http_code}' 2>"$work/why") || status=503
  [ "$status" = 503 ] || break
  tries=$((tries + 1))
  if [ "$tries" -ge 120 ]; then cat "$work/why" >&2; exit 1; fi
  sleep 1
done
if [ "$status" != 200 ]; then cat "$work/answer" >&2; exit 1; fi
case $1 in
  download[-_]resource*|get[-_]resource*)
    to=${3:-$(mktemp -d)/${2##*/}}
    cat "$work/answer" >"$to"
    printf '%s\n' "$to" ;;
  *) cat "$work/answer" ;;
esac
