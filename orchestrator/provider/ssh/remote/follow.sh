# Copies a run's output as it grows, until the run gives up the step's lock. It
# looks often while there is output, and less and less when there is none.
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
    pause=0.2
  fi
  size=$(wc -c <"$run/err")
  size=$((size))
  if [ "$size" -gt "$err" ]; then
    tail -c "+$((err + 1))" "$run/err" | head -c "$((size - err))" >&2
    err=$size
    pause=0.2
  fi
}
pause=0.2
copy
until flock -w "$pause" "$step/lock" true </dev/null; do
  case $pause in 0.2) pause=0.5 ;; *) pause=1 ;; esac
  copy
done
copy
