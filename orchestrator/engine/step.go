package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/schedule"
	"github.com/slipwayhq/slipway/store"
)

// operation finds a step's operation in the plan.
func (r *runner) operation(step *orchestrator.Step) (orchestrator.Operation, error) {
	operation, ok := r.operations.Of(*step)
	if !ok {
		return operation, fmt.Errorf("step %s: blueprint %s does not declare operation %s of instance %s", step.ID, r.blueprint.ID, step.Operation, step.InstanceID)
	}
	return operation, nil
}

// try carries a start out: get a slot, ask the loop to begin, run, report.
func (r *runner) try(ctx context.Context, start schedule.Start) {
	result := stepResult{}
	if r.holdSlot(ctx) {
		result = r.withSlot(ctx, start)
		<-r.engine.slots
	}
	r.results <- result // the loop, or its drain, always takes it
}

func (r *runner) holdSlot(ctx context.Context) bool {
	select {
	case r.engine.slots <- struct{}{}:
		return true
	case <-r.stopping:
		return false
	case <-ctx.Done():
		return false
	}
}

func (r *runner) withSlot(ctx context.Context, start schedule.Start) stepResult {
	request := beginRequest{stepID: start.StepID, reply: make(chan beginReply, 1)}
	r.begins <- request
	begun := <-request.reply
	if !begun.ok {
		return stepResult{}
	}
	intentAt := begun.intentAt
	if start.Resumed && !start.IntentAt.IsZero() {
		intentAt = start.IntentAt
	}
	t := &trial{runner: r, start: start, intentAt: intentAt, step: r.steps[start.StepID]}
	return t.run(ctx)
}

// trial is one try of one operation step.
type trial struct {
	runner   *runner
	start    schedule.Start
	intentAt time.Time
	step     *orchestrator.Step
	call     *provider.Call
}

// run carries the try out. A panic, a provider's or our own, fails the step: it
// must not end the server, and with it every other execution.
func (t *trial) run(ctx context.Context) (result stepResult) {
	var defect error
	defer func() {
		if defect != nil {
			result = t.failed(provider.Fatal(fmt.Errorf("%s ended unexpectedly: %w", t.step.Operation, defect)))
		}
	}()
	defer t.runner.engine.catch(&defect, t.runner.redact, "execution", t.runner.execution.ID, "step", t.step.ID, "operation", t.step.Operation)
	operation, err := t.runner.operation(t.step)
	if err != nil {
		return t.failed(provider.Fatal(err))
	}
	if err := t.prepare(ctx, operation); err != nil {
		if ctx.Err() != nil {
			return stepResult{}
		}
		return t.failed(err)
	}
	p, err := t.runner.engine.cfg.Providers.Find(t.runner.plan.Plugins[operation.Plugin].PackageName)
	if err != nil {
		return t.failed(provider.Fatal(err))
	}
	limited, cancel, limit := withTimeout(ctx, operation)
	defer cancel()
	answer, err := p.Run(limited, t.call)
	switch {
	case ctx.Err() != nil && err != nil:
		return stepResult{} // the server stops or lost its lease: no outcome
	case err != nil && limited.Err() != nil:
		err = fmt.Errorf("Process killed due to timeout of %g seconds", limit.Seconds()) //nolint:staticcheck // the original's wording
		if operation.TimeoutRecoverable == nil || !*operation.TimeoutRecoverable {
			err = provider.Fatal(err)
		}
	}
	return t.settle(answer, err)
}

// errDefect stands for a panic, whose own text is for operators.
var errDefect = errors.New("this is a defect of Slipway; the server's log says where")

// catch turns a panic into errDefect, and logs what it was and where.
func (e *Engine) catch(err *error, redact *redactor, about ...any) {
	if caught := recover(); caught != nil {
		text, _ := redact.clean(fmt.Sprint(caught))
		e.cfg.Logger.Error("panic: "+text, append(about, "stack", string(debug.Stack()))...)
		*err = errDefect
	}
}

func withTimeout(ctx context.Context, operation orchestrator.Operation) (context.Context, context.CancelFunc, time.Duration) {
	if operation.Timeout == nil || *operation.Timeout <= 0 {
		limited, cancel := context.WithCancel(ctx)
		return limited, cancel, 0
	}
	limit := seconds(*operation.Timeout)
	limited, cancel := context.WithTimeout(ctx, limit)
	return limited, cancel, limit
}

// settle turns a provider's answer into an outcome and runtime properties.
// What a failed operation set is kept, too.
func (t *trial) settle(answer provider.Result, err error) stepResult {
	result := stepResult{}
	if change, ok := t.change(answer); ok {
		result.runtime = append(result.runtime, change)
	}
	if err != nil {
		result.outcome = t.failed(err).outcome
		return result
	}
	id := t.step.ID
	switch {
	case answer.Wait != nil:
		result.outcome = schedule.Wait{StepID: id, ChildID: answer.Wait.ExecutionID, Limit: answer.Wait.Limit, Reason: t.clean(answer.Wait.Reason)}
	case answer.Again != nil:
		result.outcome = schedule.Again{StepID: id, After: answer.Again.After, Reason: t.clean(answer.Again.Reason)}
	case t.step.Operation == hostState && isFalsy(answer.Value):
		result.outcome = schedule.Again{StepID: id, Reason: "the host is not up yet"}
	default:
		text := ""
		if answer.Value != nil && !orchestrator.IsSensitive(answer.Value) {
			text = t.clean(fmt.Sprint(answer.Value))
		}
		result.outcome = schedule.Succeeded{StepID: id, Result: text}
	}
	return result
}

// hostState asks whether a host is up; it is asked again until the answer is yes
// (engine-semantics 6).
const hostState = "cloudify.interfaces.host.get_state"

// isFalsy reports what counts as "no" in a script's language, Python.
func isFalsy(value orchestrator.Value) bool {
	switch v := orchestrator.Reveal(value).(type) {
	case nil:
		return true
	case []orchestrator.Value:
		return len(v) == 0
	case map[string]orchestrator.Value:
		return len(v) == 0
	default:
		return v == false || v == int64(0) || v == 0.0 || v == ""
	}
}

func (t *trial) change(answer provider.Result) (runtimeChange, bool) {
	if len(answer.Set) == 0 && len(answer.Drop) == 0 && !answer.DropAll {
		return runtimeChange{}, false
	}
	instance := t.ownInstance()
	return runtimeChange{
		deploymentUID: t.runner.deployment.UID, instanceID: instance.ID,
		set: t.mark(instance.NodeID, answer.Set), drop: answer.Drop, dropAll: answer.DropAll,
	}, true
}

// ownInstance is the instance whose runtime properties a Result changes.
func (t *trial) ownInstance() *provider.Instance {
	switch {
	case t.call.Self != nil:
		return t.call.Self
	case t.call.OnTarget:
		return t.call.Target
	default:
		return t.call.Source
	}
}

func (t *trial) failed(err error) stepResult {
	after, _ := provider.RetryDelay(err)
	message := t.clean(err.Error())
	return stepResult{outcome: schedule.Failed{
		StepID: t.step.ID, Err: message, Fatal: hopeless(err), RetryAfter: after,
		Rescheduled: provider.IsRescheduled(err),
		Causes:      []orchestrator.ErrorCause{{Type: errorType(err), Message: message}},
	}}
}

// hopeless reports whether another try could not end otherwise.
func hopeless(err error) bool {
	if provider.IsFatal(err) {
		return true
	}
	code := orchestrator.ErrorCode(err)
	var known *orchestrator.Error
	return errors.As(err, &known) && (code == orchestrator.Invalid || code == orchestrator.Forbidden)
}

// errorType is the word of the original for the class of an error, which error
// texts and the REST contract show.
func errorType(err error) string {
	switch {
	case hopeless(err):
		return "NonRecoverableError"
	case provider.IsRescheduled(err):
		return "OperationRetry"
	default:
		return "RecoverableError"
	}
}

func (t *trial) clean(text string) string {
	cleaned, _ := t.runner.redact.clean(validText(text))
	return cleaned
}

// validText makes bytes from the outside fit for both databases: valid UTF-8
// without NUL. One bad byte would abort a whole batch on PostgreSQL.
func validText(text string) string {
	if utf8.ValidString(text) && !strings.ContainsRune(text, 0) {
		return text
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// learnSecrets teaches the redactor every sensitive secret of the team.
func learnSecrets(ctx context.Context, tx *store.Tx, team string, redact *redactor) error {
	secrets, err := tx.ListSecrets(ctx, team)
	if err != nil {
		return err
	}
	for _, listed := range secrets {
		if listed.Kind != orchestrator.SecretSensitive || listed.Placeholder {
			continue
		}
		secret, err := tx.Secret(ctx, team, listed.Key)
		if err != nil {
			return err
		}
		redact.learnText(secret.Value)
	}
	return nil
}
