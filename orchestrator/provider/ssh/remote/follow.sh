# Copies a run's output as it grows, until the run gives up the step's lock.
# Given: root, key, attempt, and how many bytes are known: out, err.
set -eu
step=$root/runs/$key
run=$step/$attempt
copy() {
  size=$(wc -c <"$run/out")
  size=$((size))
  if [ "$size" -gt "$out" ]; then
    tail -c "+$((out + 1))" "$run/out" | head -c "$((size - out))"
    out=$size
  fi
  size=$(wc -c <"$run/err")
  size=$((size))
  if [ "$size" -gt "$err" ]; then
    tail -c "+$((err + 1))" "$run/err" | head -c "$((size - err))" >&2
    err=$size
  fi
}
copy
until flock -w 1 "$step/lock" true </dev/null; do copy; done
copy
