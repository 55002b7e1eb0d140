package engine

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// look is what one scan sees, so long after the one before.
type look struct {
	after time.Duration
	beat  int64 // of the other server; 0: it has no row
	dead  bool
}

func TestWatch(t *testing.T) {
	const every = scanEvery
	for name, tc := range map[string]struct {
		reason string
		looks  []look
	}{
		"Alive":  {"its heart beats", []look{{0, 1, false}, {every, 2, false}, {every, 3, false}, {every, 4, false}, {every, 5, false}, {every, 6, false}}},
		"Killed": {"nothing moves for 12 s", []look{{0, 7, false}, {every, 7, false}, {every, 7, false}, {every, 7, false}, {every, 7, true}}},
		"Slow":   {"it moves just before it would be given up", []look{{0, 7, false}, {every, 7, false}, {every, 7, false}, {every, 7, false}, {every - time.Second, 8, false}, {every, 8, false}}},
		"Outage": {"nobody could beat while the database was away, and the first look after it may come before the first beat",
			[]look{{0, 7, false}, {time.Minute, 7, false}, {every, 8, false}, {every, 9, false}}},
		"KilledInAnOutage": {"it does not come back, either", []look{{0, 7, false}, {time.Minute, 7, false}, {every, 7, false}, {every, 7, true}}},
		"NoRow":            {"it left, and could not give back what it held", []look{{0, 0, false}, {every, 0, false}, {every, 0, false}, {every, 0, false}, {every, 0, true}}},
		"ComesBack":        {"a new life counts anew", []look{{0, 7, false}, {every, 7, false}, {every, 7, false}, {every, 7, false}, {every, 7, true}, {every, 1, false}}},
		"ClockWentBack":    {"smaller is moved, too: the number is never compared with a clock", []look{{0, 9, false}, {5 * every, 3, false}, {every, 2, false}}},
	} {
		t.Run(name, func(t *testing.T) {
			var w watch
			now := time.Now()
			for i, look := range tc.looks {
				now = now.Add(look.after)
				beats, want := map[string]int64{}, map[string]int64{}
				if look.beat != 0 {
					beats["other"] = look.beat
				}
				if look.dead {
					want["other"] = look.beat
				}
				if diff := cmp.Diff(want, w.dead(beats, map[string]bool{"other": true}, now)); diff != "" {
					t.Errorf("%s: look %d (-want +got):\n%s", tc.reason, i+1, diff)
				}
			}
		})
	}
}

// A request to a cloud waits for a fresh heartbeat, ends inside the lease, and
// learns of every lapse in which somebody may have taken over.
func TestFreshBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLeaseKeeper(Config{Logger: slog.New(slog.DiscardHandler)})
		beat := func() { l.note(time.Now(), time.Now()) }
		beat()
		began := l.lapsed()
		time.Sleep(3 * time.Second)
		beat()
		time.Sleep(2 * time.Second)
		left, lapses, err := l.fresh(t.Context())
		if err != nil || left != beatValid-2*time.Second || lapses != began {
			t.Errorf("two seconds after a beat a request has %s, %d lapses, %v", left, lapses-began, err)
		}
		time.Sleep(beatFresh)
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := l.fresh(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without a heartbeat the answer is %v", err)
		}
		time.AfterFunc(time.Minute, beat)
		asked := time.Now()
		if left, lapses, err = l.fresh(t.Context()); err != nil || left != beatValid || lapses != began+1 {
			t.Errorf("after the lapse a request has %s, %d lapses, %v", left, lapses-began, err)
		}
		if waited := time.Since(asked); waited != time.Minute {
			t.Errorf("waited %s", waited)
		}
	})
}
