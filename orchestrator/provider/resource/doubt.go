package resource

import (
	"context"
	"fmt"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// doubtKey is the runtime property with a doubt. It goes when the create is
// settled.
const doubtKey = "slipway_doubt"

// doubt is a create whose outcome is unknown.
type doubt struct {
	// since is when the create ended at the latest.
	since time.Time
	// because is the error that came instead of an answer; empty when the server
	// died before it.
	because string
}

// lookInterval is the real-cloud time between two looks by tag.
const lookInterval = 5 * time.Second

// recorded reports whether an earlier try wrote down what it created. A natural
// name needs no record: absent is absent.
func (a Adapted) recorded(call *provider.Call) bool {
	id, _ := call.Self.Runtime[a.options.IDKey].(string)
	return a.options.Class != Named && id != ""
}

// unrecorded reports whether something may exist that no property names.
func (a Adapted) unrecorded(call *provider.Call) bool {
	return a.options.Class != Named && !a.recorded(call)
}

// writtenDoubt returns the doubt about the last create, if there is one.
func writtenDoubt(call *provider.Call) (doubt, bool) {
	written, _ := call.Self.Runtime[doubtKey].(map[string]orchestrator.Value)
	text, _ := written["since"].(string)
	since, err := time.Parse(time.RFC3339Nano, text)
	because, _ := written["because"].(string)
	return doubt{since, because}, err == nil
}

// settled lists what a create that ended well need not remember.
func (a Adapted) settled() []string {
	if a.options.Class != Tagged {
		return nil
	}
	return []string{doubtKey}
}

// writeDoubt makes the doubt outlive this try and this server.
func writeDoubt(ctx context.Context, call *provider.Call, d doubt) error {
	written := map[string]orchestrator.Value{"since": d.since.UTC().Format(time.RFC3339Nano)}
	if d.because != "" {
		written["because"] = d.because
	}
	if err := call.Journal.Set(ctx, map[string]orchestrator.Value{doubtKey: written}); err != nil {
		return fmt.Errorf("record the doubt: %w", err)
	}
	return nil
}

// settleDoubt looks by tag when an earlier create may have happened. It returns
// what names the thing to adopt, or when to look again; both nil mean: surely
// there is none, create. A create that was answered by an error and left
// nothing has failed, as any other.
func (a Adapted) settleDoubt(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, *provider.Again, error) {
	if a.options.Class != Tagged {
		return nil, nil, nil
	}
	open, doubted := writtenDoubt(call)
	switch {
	case doubted:
	case call.Resumed: // only this try is told so: write it down for the next looks
		open = doubt{since: call.IntentAt}
		if err := writeDoubt(ctx, call, open); err != nil {
			return nil, nil, err
		}
	default:
		return nil, nil, nil
	}
	found, err := a.find(ctx, call)
	if err != nil {
		return nil, nil, err
	}
	if len(found) > 0 {
		if err := a.discard(ctx, call, found[1:]); err != nil {
			return nil, nil, err
		}
		call.Log.Log(provider.Info, "adopted what an earlier try created")
		return found[0], nil, nil
	}
	if call.Now.Sub(open.since) < a.options.Scale(DoubtWindow) {
		return nil, &provider.Again{After: lookInterval, Reason: "the outcome of an earlier create is unknown; looking for it by tag"}, nil
	}
	if open.because != "" {
		return nil, nil, a.failedUnseen(ctx, call, open)
	}
	// The next create opens a doubt of its own should this server die now: the
	// intent of the attempt is older than it.
	return nil, nil, writeDoubt(ctx, call, doubt{since: call.Now})
}

// failedUnseen ends the attempt of a create that had no effect, so that it
// counts as a retry.
func (a Adapted) failedUnseen(ctx context.Context, call *provider.Call, open doubt) error {
	if err := call.Journal.SetOn(ctx, call.Self.ID, nil, []string{doubtKey}); err != nil {
		return fmt.Errorf("record the end of the doubt: %w", err)
	}
	return fmt.Errorf("the create had no effect: %s", open.because)
}

func (a Adapted) find(ctx context.Context, call *provider.Call) ([]map[string]orchestrator.Value, error) {
	finder, ok := a.resource.(Finder)
	if !ok {
		return nil, nil
	}
	found, err := finder.Find(ctx, call)
	if err != nil {
		return nil, fmt.Errorf("look by ownership tag: %w", err)
	}
	return found, nil
}

// discard deletes surplus things that nothing can use yet, since none of them
// was ever recorded.
func (a Adapted) discard(ctx context.Context, call *provider.Call, surplus []map[string]orchestrator.Value) error {
	for _, named := range surplus {
		if err := a.resource.Delete(ctx, With(call, named)); err != nil {
			return fmt.Errorf("needs attention: delete a duplicate of %s: %w", call.Self.ID, err)
		}
	}
	return nil
}

// createFailed turns a doubt, which began when the create ended, into "ask
// again"; other errors pass.
func (a Adapted) createFailed(ctx context.Context, call *provider.Call, at time.Time, err error) (provider.Result, error) {
	if a.options.Class != Tagged || !IsDoubtful(err) {
		return provider.Result{}, err
	}
	if ctx.Err() != nil {
		// The server stops or the lease is gone; whoever asks again has
		// Call.Resumed to doubt by.
		return provider.Result{}, err
	}
	if err := writeDoubt(ctx, call, doubt{at, err.Error()}); err != nil {
		return provider.Result{}, err
	}
	return provider.Result{Again: &provider.Again{
		After:  lookInterval,
		Reason: "the answer to a create was lost; looking for its effect by tag: " + err.Error(),
	}}, nil
}

// deleteUnrecorded removes what an interrupted create may have left behind.
func (a Adapted) deleteUnrecorded(ctx context.Context, call *provider.Call) (provider.Result, error) {
	found, err := a.find(ctx, call)
	if err != nil {
		return provider.Result{}, err
	}
	if len(found) > 0 {
		return a.deleteFound(ctx, call, found)
	}
	if open, doubted := writtenDoubt(call); doubted && a.options.Class == Tagged && call.Now.Sub(open.since) < a.options.Scale(DoubtWindow) {
		return provider.Result{Again: &provider.Again{After: lookInterval, Reason: "the outcome of a create is unknown; looking for it by tag"}}, nil
	}
	return a.gone(), nil
}

// deleteFound deletes all that was found; the next look says whether they are gone.
func (a Adapted) deleteFound(ctx context.Context, call *provider.Call, found []map[string]orchestrator.Value) (provider.Result, error) {
	var pending *provider.Result
	for _, named := range found {
		one := With(call, named)
		seen, err := a.resource.Observe(ctx, one)
		if err != nil {
			return provider.Result{}, err
		}
		if !seen.Exists || seen.Foreign || seen.Phase == Ended {
			continue
		}
		result, err := a.remove(ctx, one, seen)
		if err != nil {
			return provider.Result{}, err
		}
		if result.Again != nil {
			pending = &result
		}
	}
	if pending != nil {
		return *pending, nil
	}
	return a.gone(), nil
}
