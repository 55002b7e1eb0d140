package ssh

import (
	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider/ctxproxy"
)

// act is what to do about a step's runs.
type act int

const (
	actStart       act = iota // begin the attempt
	actFollow                 // one is running: watch it to its end
	actFinish                 // one has ended and nobody has heard of it
	actInterrupted            // one began, and how it ended cannot be told
)

func (a act) String() string {
	return [...]string{"start", "follow", "finish", "interrupted"}[a]
}

// decision is an act and the attempt that it is about.
type decision struct {
	act     act
	attempt int
}

// asked is what the engine wants.
type asked struct {
	attempt int
	// resumed: this very attempt may have begun, and its outcome was lost.
	resumed bool
	// resumable: the script may be run again from the top whatever it had done.
	resumable bool
}

// decide looks at the newest run that began.
//
//   - It runs still: follow it, whoever began it. Two at once must never be.
//   - It ended: an attempt that was asked again, and one whose success nobody
//     heard of because the connection broke, count; a failure of an earlier
//     attempt is known, and an end of this attempt from an earlier life of the
//     step (the engine does not say resumed) is old news: start.
//   - It was lost (the machine went down, somebody killed it): start over only
//     where that is declared safe.
func decide(seen sighting, want asked) decision {
	begin := decision{actStart, want.attempt}
	if len(seen.runs) == 0 {
		return begin
	}
	last := seen.runs[len(seen.runs)-1]
	anotherLife := !want.resumed && last.attempt >= want.attempt
	switch {
	case last.code == nil && seen.busy:
		return decision{actFollow, last.attempt}
	case anotherLife || last.attempt > want.attempt:
		return begin
	case last.code != nil && last.attempt == want.attempt:
		return decision{actFinish, last.attempt}
	case last.code != nil && *last.code == 0 && !asksForRetry(last):
		return decision{actFinish, last.attempt}
	case last.code != nil || want.resumable:
		return begin
	default:
		return decision{actInterrupted, last.attempt}
	}
}

func asksForRetry(run seenRun) bool {
	return run.verdict != nil && run.verdict.Kind == ctxproxy.Retry
}

// interruptedError says what an operator can do about a lost run.
func interruptedError(host string) error {
	return orchestrator.Errorf(orchestrator.Conflict, "interrupted: the script began on %s and how it ended cannot be told; look at the machine, then resume. "+
		"A script that may run again from the top declares the operation input slipway_resumable: true", host)
}
