package engine

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// stepJournal makes facts durable in the middle of an operation.
type stepJournal struct{ trial *trial }

var _ provider.Journal = (*stepJournal)(nil)

// Set implements provider.Journal.
func (j *stepJournal) Set(ctx context.Context, set map[string]orchestrator.Value) error {
	return j.SetOn(ctx, j.trial.ownInstance().ID, set, nil)
}

// SetOn implements provider.Journal.
func (j *stepJournal) SetOn(_ context.Context, instanceID string, set map[string]orchestrator.Value, drop []string) error {
	r := j.trial.runner
	nodeID, ok := r.nodeOf[instanceID]
	if !ok {
		return fmt.Errorf("journal: instance %s is not in deployment %s", instanceID, r.deployment.ID)
	}
	return r.engine.journal.write(&entry{lease: r.lease(), runtime: []runtimeChange{{
		deploymentUID: r.deployment.UID, instanceID: instanceID,
		set: j.trial.mark(nodeID, set), drop: drop,
	}}})
}

// Fence implements provider.Journal.
func (j *stepJournal) Fence(ctx context.Context) (context.Context, context.CancelFunc, error) {
	left, err := j.trial.runner.ownUntil(ctx)
	if err != nil {
		return nil, nil, err
	}
	fenced, cancel := context.WithTimeout(ctx, left)
	return fenced, cancel, nil
}

// stepLog writes lines into the execution's live log. Lines of one step keep
// their order and come before the events of its outcome: the journal is a
// queue.
type stepLog struct {
	trial   *trial
	tripped atomic.Bool // lines of stdout and stderr come from two goroutines
}

var _ provider.Logger = (*stepLog)(nil)

// Log implements provider.Logger.
func (l *stepLog) Log(level, message string) { l.write(level, "provider", message) }

// Output implements provider.Logger.
func (l *stepLog) Output(stream, line string) {
	level := provider.Info
	if stream == "stderr" {
		level = provider.Warning
	}
	l.write(level, stream, line)
}

func (l *stepLog) write(level, logger, message string) {
	r := l.trial.runner
	now := r.now()
	cleaned, found := r.redact.clean(validText(strings.TrimRight(message, "\r\n")))
	events := []orchestrator.Event{l.event(level, logger, cleaned, now)}
	if found && l.tripped.CompareAndSwap(false, true) {
		events = append(events, l.event(provider.Warning, "redaction", "a secret value was redacted from this step's output; keep secrets out of what scripts print", now))
	}
	// Nobody waits for the answer; the channel's place of one takes it.
	r.engine.journal.submit(&entry{lease: r.lease(), events: events})
}

func (l *stepLog) event(level, logger, message string, now time.Time) orchestrator.Event {
	step := l.trial.step
	return l.trial.runner.identify(orchestrator.Event{
		Level: level, Logger: logger, Message: message, InstanceID: step.InstanceID,
		SourceID: step.SourceID, TargetID: step.TargetID, Operation: step.Operation, StepID: step.ID,
	}, now)
}
