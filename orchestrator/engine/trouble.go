package engine

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// tellAgain is how often a failure that lasts is repeated in the log.
const tellAgain = time.Minute

// trouble tells operators of something that is tried again and again: once when
// it begins to fail, once a minute while it does, and once when it is over.
type trouble struct {
	log   *slog.Logger
	doing string

	mu          sync.Mutex
	since, told time.Time // zero while all is well
}

func newTrouble(log *slog.Logger, doing string) *trouble { return &trouble{log: log, doing: doing} }

// note takes in how a try ended. A failure after the end of ctx is none.
func (t *trouble) note(ctx context.Context, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	switch {
	case err == nil && !t.since.IsZero():
		t.log.Info("the database takes part again", "doing", t.doing, "after", now.Sub(t.since).Round(time.Second))
		t.since, t.told = time.Time{}, time.Time{}
	case err == nil || ctx.Err() != nil:
	case t.since.IsZero():
		t.since, t.told = now, now
		t.log.Error("the database does not take part; trying again until it does", "doing", t.doing, "error", err)
	case now.Sub(t.told) >= tellAgain:
		t.told = now
		t.log.Error("the database still does not take part", "doing", t.doing, "for", now.Sub(t.since).Round(time.Second), "error", err)
	}
}
