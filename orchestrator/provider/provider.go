// Package provider is the near side of each outside world. It fixes what a
// cloud, a machine or a script must be able to do (one method), what it is told
// (Call), and what it may answer (Result or an error of a class). It knows no
// SDK and no database; the leaves below it know one world each, and never each
// other. Registry finds the provider of a plugin.
package provider

import (
	"context"
	"io/fs"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Provider carries out operations on one outside world.
//
// Run must be safe to repeat: after a crash the engine asks again with
// Call.Resumed set and Call.IntentAt telling when the first try began.
// Deleting what is gone is success. Run returns
//
//   - a Result: done, or "ask again", or "wait for a child execution";
//   - Fatal(err): hopeless (credentials, quota, validation); not retried;
//   - RetryAfter(err, d): retried after d, counted against the budget;
//   - any other error: retried by the operation's policy.
//
// The context ends when the server stops, the execution is force-cancelled or
// the lease is lost; Run then returns ctx.Err().
type Provider interface {
	Run(ctx context.Context, call *Call) (Result, error)
}

// Func lets a function be a Provider.
type Func func(ctx context.Context, call *Call) (Result, error)

// Run calls f.
func (f Func) Run(ctx context.Context, call *Call) (Result, error) { return f(ctx, call) }

// Checker is an optional power: say at check time, before anything starts, why
// an operation could not run (no binary, no rehearsal for the type).
type Checker interface {
	// Check returns an error with the way out, or nil.
	Check(node *orchestrator.Node, operation orchestrator.Operation, rehearsal bool) error
}

// Call is one operation to carry out. Everything in it is evaluated; marked
// values are still marked, and the leaf opens them (orchestrator.Reveal) only
// on the way to its far end.
type Call struct {
	// Installation is the random id of this Slipway, for ownership tags.
	Installation string
	Team         string
	Deployment   Deployment
	Execution    Execution
	// StepID with Execution.ID and Attempt names this try; StepID alone names
	// the step over all tries. Client tokens derive from Token().
	StepID  string
	Attempt int // 0 for the first
	// Polls counts the "ask again" answers of this attempt so far.
	Polls int
	// IntentAt is when the intent of this attempt was journaled. Resumed says
	// that an earlier try may have had effects whose outcome was lost; once such
	// a call has answered "ask again", the next ones do not say it any more.
	IntentAt time.Time
	Resumed  bool
	// Now is the time of the start; leaves measure "since the intent" by it.
	Now time.Time

	// Operation is the full name: cloudify.interfaces.lifecycle.create.
	Operation string
	// Plugin and Function are the implementation: plugin name and mapping.
	Plugin, Function string
	// PluginProperties are the properties given with the plugin's import.
	PluginProperties map[string]orchestrator.Value
	Inputs           map[string]orchestrator.Value

	// Self is the instance; nil for a relationship operation, which has Source
	// and Target instead, and OnTarget telling whose operation it is.
	Self, Source, Target *Instance
	OnTarget             bool

	// Rehearsal picks the far end inside the leaf.
	Rehearsal bool
	// Child is the ended execution that the step waited for, once it has ended.
	Child *ChildOutcome

	Files   fs.FS   // the blueprint's archive, and those of the blueprints that it imports
	Journal Journal // durable writes in mid-operation
	Log     Logger
}

// Instance is a node instance as an operation sees it.
type Instance struct {
	ID            string
	NodeID        string
	Type          string
	TypeHierarchy []string // base first
	Properties    map[string]orchestrator.Value
	// Runtime holds the runtime properties at the start; changes go into the
	// Result or the Journal, never into this map.
	Runtime       map[string]orchestrator.Value
	Relationships []Related // in template order; nil in relationship calls' far ends
}

// Is reports whether the instance's type is name or derives from it.
func (i *Instance) Is(name string) bool {
	for _, t := range i.TypeHierarchy {
		if t == name {
			return true
		}
	}
	return false
}

// Get returns a runtime property, else the property of that name.
func (i *Instance) Get(name string) orchestrator.Value {
	if v, ok := i.Runtime[name]; ok && v != nil {
		return v
	}
	return i.Properties[name]
}

// Related is a relationship with its target, read-only. Targets carry their own
// relationships too, so that a leaf can climb (resource group of a subnet).
type Related struct {
	Type          string
	TypeHierarchy []string
	Properties    map[string]orchestrator.Value
	Target        *Instance
}

// Is reports whether the relationship's type is name or derives from it.
func (r Related) Is(name string) bool {
	for _, t := range r.TypeHierarchy {
		if t == name {
			return true
		}
	}
	return false
}

// Deployment is what an operation may know of its deployment.
type Deployment struct {
	UID, ID, DisplayName, BlueprintID string
	Inputs                            map[string]orchestrator.Value
}

// Execution is what an operation may know of its execution.
type Execution struct {
	ID, RootID, Workflow string
	Parameters           map[string]orchestrator.Value
	Epoch                int64
}

// ChildOutcome is how a component's execution ended.
type ChildOutcome struct {
	ExecutionID string
	Status      orchestrator.ExecutionStatus
	Error       string
}

// Result is the answer of an operation that did not fail.
type Result struct {
	// Set and Drop change runtime properties of Self (of Source for a
	// relationship operation on the source side, else of Target), key by key.
	Set  map[string]orchestrator.Value
	Drop []string
	// DropAll clears all runtime properties first (a delete's last act).
	DropAll bool
	// Value is the operation's return value, shown in "Task succeeded … - v".
	Value orchestrator.Value
	// Again, when set, means: not done, ask again. It uses up no retries.
	Again *Again
	// Wait, when set, means: a child execution runs; sleep until it ends, then
	// ask again with Call.Child. The step holds no operation slot meanwhile.
	Wait *Wait
}

// Again asks for another Run after a while.
type Again struct {
	After  time.Duration // real-cloud time; divided by the speed in a rehearsal
	Reason string        // for people: "instance i-0abc is pending"
}

// Wait names the child execution that a step waits for.
type Wait struct {
	ExecutionID string
	Limit       time.Duration // 0: none
	Reason      string
}

// Journal makes facts durable in the middle of an operation. Each call returns
// once the fact is committed, however long the database is away, or with an
// error: then stop, somebody else holds the lease. Marked keys stay marked.
type Journal interface {
	// Set merges runtime properties of the operation's own instance key by key.
	Set(ctx context.Context, set map[string]orchestrator.Value) error
	// SetOn merges runtime properties of Source or Target (by instance id) in a
	// relationship operation.
	SetOn(ctx context.Context, instanceID string, set map[string]orchestrator.Value, drop []string) error
	// Fence returns an error unless the lease surely still holds; leaves call it
	// right before each request that changes something. While that cannot be
	// told, it waits. The returned context ends inside the lease.
	Fence(ctx context.Context) (context.Context, context.CancelFunc, error)
}

// Logger writes lines to the execution's live log; they are redacted and made
// valid before they are stored. It never blocks on the network.
type Logger interface {
	Log(level, message string)
	// Output writes a line that a script printed.
	Output(stream, line string)
}

// Log levels.
const (
	Debug   = "debug"
	Info    = "info"
	Warning = "warning"
	Failure = "error"
)
