# Starts one run, detached, under the step's lock, and returns once it runs.
# Given: root, key, attempt, mask, token, port, script, env, body, main, and
# client (not empty: its version; then ctx and ctxpy are its two files).
set -eu
umask 077
step=$root/runs/$key
run=$step/$attempt
# put FILE TEXT [MODE]. Other steps may put the same file at the same time, and
# start the one that is there: it appears whole, with its mode.
put() { printf '%s' "$2" >"$1.$key" && chmod "${3:-600}" "$1.$key" && mv "$1.$key" "$1"; }
if [ -n "$client" ]; then
  put "$root/bin/ctx.py" "$ctxpy"
  put "$root/bin/ctx" "$ctx" 700
  put "$root/bin/version" "$client"
fi
# No attempt runs now (see decide.go), and the earlier ones are no news any more.
rm -rf "$step"/[0-9]*
mkdir -p "$run"
put "$step/token" "$token"
put "$step/port" "$port"
put "$run/env" "$env"
put "$run/body" "$body"
put "$run/main" "$main"
put "$run/script" "$script" 700
: >"$run/out"
: >"$run/err"
# -o: what the script leaves running must not keep the lock.
setsid nohup flock -o "$step/lock" sh "$run/main" "$run" "$mask" </dev/null >/dev/null 2>&1 &
tries=0
until [ -d "$run/begun" ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 3000 ] && mkdir "$run/begun" 2>/dev/null; then
    rm -rf "$run"
    echo "the script did not start within a minute" >&2
    exit 75
  fi
  sleep 0.02
done
