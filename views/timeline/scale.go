package timeline

import "time"

// steps of the scale, each easy to count in.
var scale = []time.Duration{
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// mostTicks is how many marks a scale has at most, the first one aside.
const mostTicks = 6

func ticks(length time.Duration) []Tick {
	step := scale[len(scale)-1]
	for _, s := range scale {
		if length/s <= mostTicks {
			step = s
			break
		}
	}
	for length/step > mostTicks { // longer than a week
		step *= 2
	}
	var out []Tick
	for at := time.Duration(0); at <= length; at += step {
		out = append(out, Tick{X: float64(at) / float64(length) * 100, At: at})
	}
	return out
}
