package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// execution is a run of a workflow, as the API sends it.
type execution struct {
	raw json.RawMessage

	ID         string `json:"id"`
	Workflow   string `json:"workflow_id"`
	Deployment string `json:"deployment_id"`
	Status     string `json:"status"`
	Error      string `json:"error"`
	Total      int    `json:"total_operations"`
	Finished   int    `json:"finished_operations"`
	Rehearsal  bool   `json:"rehearsal"`
}

// UnmarshalJSON keeps the object as it came, for --json.
func (x *execution) UnmarshalJSON(data []byte) error {
	type plain execution
	if err := json.Unmarshal(data, (*plain)(x)); err != nil {
		return err
	}
	x.raw = append(json.RawMessage(nil), data...)
	return nil
}

func (x execution) ended() bool {
	return x.Status == "terminated" || x.Status == "failed" || x.Status == "cancelled"
}

// outcome is nil for an execution that ended well, else the sentence that the
// command fails with.
func (x execution) outcome() error {
	switch x.Status {
	case "terminated":
		return nil
	case "cancelled":
		return fmt.Errorf("execution of workflow %s for deployment %s was cancelled", x.Workflow, x.Deployment)
	default:
		return fmt.Errorf("execution of workflow %s for deployment %s failed. [error=%s]", x.Workflow, x.Deployment, printable(x.Error))
	}
}

func (c *client) execution(ctx context.Context, id string) (execution, error) {
	var x execution
	err := c.get(ctx, in("executions", id), nil, &x)
	return x, err
}

// following says how to follow an execution.
type following struct {
	query   url.Values // which events to print
	offset  int
	timeout time.Duration // 0: none
	quiet   bool          // print no events
}

const (
	firstPoll = 100 * time.Millisecond
	slowPoll  = time.Second
	// patience is how long a server may be away, to be started again, say,
	// before following it is given up.
	patience = time.Minute
)

// follow prints events and progress until the execution ends, and returns it as
// it ended. Stopping to follow stops nothing else.
func (c *cli) follow(ctx context.Context, asking *client, x execution, how following) (execution, error) {
	if how.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, how.timeout)
		defer cancel()
	}
	progress := c.newProgress()
	defer progress.end()
	pause, away := firstPoll, absence{}
	for {
		// The status is read first: what an ended execution wrote is complete.
		latest, printed, err := c.look(ctx, asking, x.ID, how, progress)
		how.offset += printed
		switch {
		case ctx.Err() != nil:
			return x, c.stopped(ctx, x)
		case err != nil && !away.passes(err):
			return x, fmt.Errorf("%w; execution %s goes on all the same. Follow it again: slipway events list %s --tail", err, x.ID, x.ID)
		case err != nil:
			if away.isNew() {
				progress.end()
				c.notice("The server does not answer (%v); the execution is safe. Trying again for a minute\n", err)
			}
			pause = slowPoll
		case latest.ended():
			return latest, nil
		default:
			x, away = latest, absence{}
			progress.show(x.Finished, x.Total)
		}
		select {
		case <-time.After(pause):
			pause = min(pause+pause/8, slowPoll)
		case <-ctx.Done():
		}
	}
}

// absence is the time for which a server that is followed has not answered.
type absence struct {
	since time.Time
	tries int
}

// passes reports whether an error may go by itself, and there is patience left.
func (a *absence) passes(err error) bool {
	var lost *connectionError
	var refused *serverError
	busy := errors.As(err, &refused) && slices.Contains(passing, refused.status)
	if !busy && !errors.As(err, &lost) {
		return false
	}
	if a.tries++; a.tries == 1 {
		a.since = time.Now()
	}
	return time.Since(a.since) <= patience
}

func (a *absence) isNew() bool { return a.tries == 1 }

// passing are the answers of servers that stop, start or have much to do, and
// of proxies in front of them.
var passing = []int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}

func (c *cli) look(ctx context.Context, asking *client, id string, how following, progress *progress) (latest execution, printed int, err error) {
	if latest, err = asking.execution(ctx, id); err != nil || how.quiet {
		return latest, 0, err
	}
	progress.clear()
	printed, err = c.printEvents(ctx, asking, how.query, how.offset, 0)
	return latest, printed, err
}

// stopped is the sentence for somebody who stops following.
func (c *cli) stopped(ctx context.Context, x execution) error {
	why := "stopped following"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		why = "timed out waiting for the end"
	}
	return fmt.Errorf("%s; execution %s goes on. Follow it again: slipway events list %s --tail; cancel it: slipway executions cancel %s", why, x.ID, x.ID, x.ID)
}
