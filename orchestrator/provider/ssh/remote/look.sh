# Says what this machine knows of the runs of one step, one fact a line.
# Given: base (empty for the default), key, listen (not empty: make room for the socket).
set -eu
mask=$(umask)
umask 077
for tool in flock setsid nohup; do
  command -v "$tool" >/dev/null || { echo "this machine lacks $tool" >&2; exit 69; }
done
[ -n "$base" ] || base=${CFY_EXEC_TEMP:-$HOME}
root=$base/.slipway
step=$root/runs/$key
mkdir -p "$root/bin" "$root/work" "$step"
if [ ! -s "$step/socket" ]; then
  socket=$step/s
  # A socket's path has room for 107 bytes.
  [ "${#socket}" -le 100 ] || socket=$(mktemp -d)/s
  echo "$socket" >"$step/socket"
fi
socket=$(cat "$step/socket")
[ -z "$listen" ] || rm -f "$socket"
echo "root $root"
echo "mask $mask"
echo "socket $socket"
for fact in token port; do
  [ ! -s "$step/$fact" ] || echo "$fact $(cat "$step/$fact")"
done
[ ! -s "$root/bin/version" ] || echo "client $(cat "$root/bin/version")"
# The lock is looked at before the exit codes: free and no code means lost.
if flock -n "$step/lock" true </dev/null; then echo "lock free"; else echo "lock busy"; fi
for run in "$step"/[0-9]*; do
  [ -d "$run" ] || continue
  if [ -s "$run/code" ]; then
    echo "run ${run##*/} ended $(cat "$run/code")"
  elif [ -d "$run/begun" ]; then
    echo "run ${run##*/} started"
  fi
  [ ! -s "$run/verdict" ] || echo "verdict ${run##*/} $(cat "$run/verdict")"
done
