# Keeps what the script said about its operation.
# Given: root, key, attempt, verdict.
set -eu
umask 077
run=$root/runs/$key/$attempt
printf '%s\n' "$verdict" >"$run/verdict.new"
mv "$run/verdict.new" "$run/verdict"
