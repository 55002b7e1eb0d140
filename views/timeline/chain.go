package timeline

import (
	"slices"
	"time"
)

// chain is the longest chain of a run, first things first: what ended last, what
// that had waited for longest, and so on. A step that waited for a component
// stands back behind the component's own chain.
func chain(run Run, now time.Time) []*Step {
	index := make(map[string]*Step, len(run.Steps))
	var all []string
	for i := range run.Steps {
		index[run.Steps[i].ID] = &run.Steps[i]
		all = append(all, run.Steps[i].ID)
	}
	var found []*Step
	for s := latest(all, index, now); s != nil; s = latest(s.After, index, now) {
		switch {
		case len(s.Inner) > 0:
			inner := chain(s.Inner[len(s.Inner)-1].Run, now)
			slices.Reverse(inner)
			found = append(found, inner...)
		case !s.Silent:
			found = append(found, s)
		}
	}
	slices.Reverse(found)
	return found
}

// latest is the step that ended last among those that have begun. Of several at
// once the one that was laid out last is meant: the others led to it.
func latest(ids []string, index map[string]*Step, now time.Time) *Step {
	var found *Step
	for _, id := range ids {
		s := index[id]
		if s == nil || s.Began.IsZero() {
			continue
		}
		if found == nil || !s.end(now).Before(found.end(now)) {
			found = s
		}
	}
	return found
}

// end is when the step ended, or now.
func (s *Step) end(now time.Time) time.Time {
	if s.Ended.IsZero() {
		return now
	}
	return s.Ended
}
