package rehearsal

import (
	"strconv"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Speed divides durations of the rehearsed world: 60 makes seconds of minutes,
// 1 is real time, 0 means max: nothing waits.
type Speed float64

// MaxSpeed waits for nothing.
const MaxSpeed Speed = 0

// ParseSpeed reads "max" or a positive number.
func ParseSpeed(text string) (Speed, error) {
	if text == "max" {
		return MaxSpeed, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 0) || n > 1e9 {
		return 0, orchestrator.Errorf(orchestrator.Invalid,
			"rehearsal speed %q is not a number above 0; give 60 for minutes as seconds, 1 for real time, or max", text)
	}
	return Speed(n), nil
}

// Scale returns how long d lasts at this speed.
func (s Speed) Scale(d time.Duration) time.Duration {
	if s <= 0 {
		return 0
	}
	return time.Duration(float64(d) / float64(s))
}
