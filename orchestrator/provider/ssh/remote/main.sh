# Runs under the step's lock. $1 is the run's directory, $2 the user's umask.
run=$1
umask 077
# Whoever makes this directory decides: here that the script begins, in
# start.sh that it never will.
mkdir "$run/begun" 2>/dev/null || exit 0
echo $$ >"$run/pid"
(
  umask "$2"
  exec $SLIPWAY_AS sh "$run/body" "$run"
) >"$run/out" 2>"$run/err"
code=$?
rm -f "$run/env" # unread where sudo refused
echo "$code" >"$run/code.new"
mv "$run/code.new" "$run/code"
