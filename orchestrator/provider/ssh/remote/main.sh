# Runs under the step's lock. $1 is the run's directory, $2 the user's umask.
run=$1
umask 077
[ ! -e "$run/pid" ] || exit 0
echo $$ >"$run/pid.new"
mv "$run/pid.new" "$run/pid"
(
  umask "$2"
  exec $SLIPWAY_AS sh "$run/body" "$run"
) >"$run/out" 2>"$run/err"
echo $? >"$run/code.new"
mv "$run/code.new" "$run/code"
