package schedule

import (
	"container/heap"
	"time"
)

// timers orders sleeping steps by the time to wake them. An entry is never
// taken out early: it is stale when the step's wakeAt is another time, or when
// the step no longer sleeps.
type timers []timer

type timer struct {
	at   time.Time
	step int
}

func (t *timers) add(at time.Time, step int) { heap.Push(t, timer{at, step}) }

// next returns the earliest timer that counts, forgetting stale ones before it.
func (r *Run) nextTimer() (timer, bool) {
	for len(r.timers) > 0 {
		first := r.timers[0]
		s := &r.steps[first.step]
		if s.phase == asleep && s.wakeAt.Equal(first.at) {
			return first, true
		}
		heap.Pop(&r.timers)
	}
	return timer{}, false
}

// Len, Less, Swap, Push and Pop make a heap.Interface; steps that wake at the
// same time keep the graph's order.

func (t timers) Len() int { return len(t) }

func (t timers) Less(i, j int) bool {
	if t[i].at.Equal(t[j].at) {
		return t[i].step < t[j].step
	}
	return t[i].at.Before(t[j].at)
}

func (t timers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)   { *t = append(*t, x.(timer)) }

func (t *timers) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}
