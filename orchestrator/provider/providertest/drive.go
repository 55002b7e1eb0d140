// Package providertest drives a provider in tests as the engine does: it asks
// again while the answer is "ask again", retries errors that are not fatal, and
// keeps runtime properties as the journal would. It knows no cloud and no time:
// it never waits.
package providertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// Engine stands in for the engine: instances by id and the answers to calls.
type Engine struct {
	Provider     provider.Provider
	Installation string
	Deployment   string
	Files        fs.FS
	// Tries bounds how often one operation is asked.
	Tries int
	// Retries bounds how often an error is answered by another attempt.
	Retries int
	// Lines are what was logged.
	Lines []string
	// Crash, when set, is asked after each journal write; true loses the server:
	// the call ends there, and its outcome is lost.
	Crash func(set map[string]orchestrator.Value) bool
	// CrashBefore is asked before each journal write; true loses the server with
	// the write undone.
	CrashBefore func(set map[string]orchestrator.Value) bool
	// Now tells the time; nil means time.Now.
	Now func() time.Time
	// Wait is told how long the engine would wait before it asks again or tries
	// again, in real-cloud time; a test's clock moves in it.
	Wait func(d time.Duration)
	// Workflow is the execution's workflow; "" means install.
	Workflow string
	// LeaseLost makes the fence refuse.
	LeaseLost bool
}

// New returns an Engine with room for what a rehearsal at full speed needs.
func New(p provider.Provider) *Engine {
	return &Engine{Provider: p, Installation: "inst-1", Deployment: "dep", Files: fstest.MapFS{}, Tries: 200, Retries: 5}
}

// retryInterval is the engine's default between two attempts.
const retryInterval = 15 * time.Second

// ErrLeaseLost is what the fence answers once LeaseLost is set.
var ErrLeaseLost = errors.New("somebody else holds the lease")

// ErrCrashed is how a call ends that Crash cut short.
var ErrCrashed = errors.New("the server was lost")

// Operation names one operation of an instance.
type Operation struct {
	Name     string // "create"
	Function string
	Inputs   map[string]orchestrator.Value
	Resumed  bool
}

// Run carries out an operation of an instance until it is done or failed.
func (e *Engine) Run(ctx context.Context, self *provider.Instance, operation Operation) error {
	call := e.call(operation)
	call.Self = self
	call.Journal = &journal{e, map[string]*provider.Instance{"": self, self.ID: self}}
	return e.drive(ctx, call, self)
}

// RunRelationship carries out an operation of the source side.
func (e *Engine) RunRelationship(ctx context.Context, source, target *provider.Instance, operation Operation) error {
	call := e.call(operation)
	call.Operation = "cloudify.interfaces.relationship_lifecycle." + operation.Name
	call.Source, call.Target = source, target
	call.Journal = &journal{e, map[string]*provider.Instance{"": source, source.ID: source, target.ID: target}}
	return e.drive(ctx, call, source)
}

func (e *Engine) call(operation Operation) *provider.Call {
	now := e.now()
	return &provider.Call{
		Installation: e.Installation, Team: "default_tenant",
		Deployment: provider.Deployment{UID: "uid-" + e.Deployment, ID: e.Deployment},
		Execution:  provider.Execution{ID: "exec", RootID: "exec", Workflow: cmp.Or(e.Workflow, "install")},
		StepID:     operation.Name, IntentAt: now, Now: now, Resumed: operation.Resumed,
		Operation: "cloudify.interfaces.lifecycle." + operation.Name, Function: operation.Function,
		Inputs: operation.Inputs, Rehearsal: true, Files: e.Files, Log: &logger{e},
	}
}

func (e *Engine) now() time.Time {
	if e.Now == nil {
		return time.Now()
	}
	return e.Now()
}

func (e *Engine) drive(ctx context.Context, call *provider.Call, owner *provider.Instance) error {
	for range e.Tries {
		call.Now = e.now()
		// The call shows the properties as they were at its start.
		snapshot := *owner
		if call.Self != nil {
			call.Self = &snapshot
		} else {
			call.Source = &snapshot
		}
		result, err := e.Provider.Run(ctx, call)
		switch {
		case errors.Is(err, ErrCrashed) || provider.IsFatal(err):
			return err
		case err != nil && call.Attempt >= e.Retries:
			return fmt.Errorf("after %d attempts: %w", call.Attempt+1, err)
		case err != nil:
			call.Attempt++
			call.Polls, call.Resumed = 0, false
			e.wait(retryDelay(err))
			call.IntentAt = e.now()
			continue
		}
		keep(owner, result)
		if result.Again == nil {
			return nil
		}
		call.Polls++
		call.Resumed = false // told once, as the engine does
		e.wait(result.Again.After)
	}
	return fmt.Errorf("still asking again after %d times", e.Tries)
}

func (e *Engine) wait(d time.Duration) {
	if e.Wait != nil {
		e.Wait(d)
	}
}

func retryDelay(err error) time.Duration {
	if d, ok := provider.RetryDelay(err); ok {
		return d
	}
	return retryInterval
}

func keep(owner *provider.Instance, result provider.Result) {
	runtime := maps.Clone(owner.Runtime)
	if runtime == nil || result.DropAll {
		runtime = map[string]orchestrator.Value{}
	}
	for _, key := range result.Drop {
		delete(runtime, key)
	}
	maps.Copy(runtime, result.Set)
	owner.Runtime = runtime
}

type journal struct {
	engine    *Engine
	instances map[string]*provider.Instance
}

func (j *journal) Set(ctx context.Context, set map[string]orchestrator.Value) error {
	return j.SetOn(ctx, "", set, nil)
}

func (j *journal) SetOn(_ context.Context, id string, set map[string]orchestrator.Value, drop []string) error {
	if j.engine.CrashBefore != nil && j.engine.CrashBefore(set) {
		return ErrCrashed
	}
	keep(j.instances[id], provider.Result{Set: set, Drop: drop})
	if j.engine.Crash != nil && j.engine.Crash(set) {
		return ErrCrashed
	}
	return nil
}

func (j *journal) Fence(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if j.engine.LeaseLost {
		return nil, nil, ErrLeaseLost
	}
	fenced, cancel := context.WithCancel(ctx)
	return fenced, cancel, nil
}

type logger struct{ engine *Engine }

func (l *logger) Log(level, message string) {
	l.engine.Lines = append(l.engine.Lines, level+": "+message)
}

func (l *logger) Output(stream, line string) { l.Log(stream, line) }

// Dialled takes the rehearsal mark off calls, so that the provider dials what
// stands at the endpoints that they name.
func Dialled(p provider.Provider) provider.Provider {
	return provider.Func(func(ctx context.Context, call *provider.Call) (provider.Result, error) {
		call.Rehearsal = false
		return p.Run(ctx, call)
	})
}

// Must fails the test on an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Keys returns the names of an instance's runtime properties in order.
func Keys(instance *provider.Instance) []string {
	return slices.Sorted(maps.Keys(instance.Runtime))
}
