// Package resource derives lifecycle operations from four verbs (observe,
// create, update, delete), once for all clouds. It knows the rule that nothing
// is orphaned and nothing is made twice: write the intent first, write down
// what names the new thing as soon as the cloud said so, and after a doubt look
// before creating. It knows no cloud; a leaf says what is there and carries out
// single requests.
package resource

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// Resource is one kind of thing at a far end. Every method may be called again
// for the same call; each mutating request passes Call.Journal.Fence just before
// it is sent, which is the leaf's business because only it sees the requests.
type Resource interface {
	// Observe looks at the resource that the call is about: by the id in the
	// runtime properties, else by its natural name. What has neither is absent.
	// Absent is an answer, not an error.
	Observe(ctx context.Context, call *provider.Call) (Observation, error)
	// Create asks the far end to make it and returns the runtime properties
	// that name it (its id); they are journaled before anything else happens.
	// An error after which it may or may not exist is wrapped by Doubtful.
	Create(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error)
	// Update brings what Observe saw to what the call wants. It is called when
	// Observation.Stale is set, and by the verb Update.
	Update(ctx context.Context, call *provider.Call, seen Observation) error
	// Delete asks the far end to remove it. Gone is success.
	Delete(ctx context.Context, call *provider.Call) error
}

// Finder is the extra power of resources whose create carries ownership tags:
// look for everything that carries the tags of the call's instance. The oldest
// comes first where the far end tells ages, else the order is at least stable.
// Each answer holds the runtime properties that name one thing. Class Tagged
// requires it; with it, a delete also finds what was created but never recorded.
type Finder interface {
	Find(ctx context.Context, call *provider.Call) ([]map[string]orchestrator.Value, error)
}

// Class says what makes a create call safe to repeat.
type Class int

// The classes.
const (
	// Named creates have a natural name: asking twice meets the first (an ARM
	// PUT, an attachment, a route).
	Named Class = iota
	// Token creates carry Call.ClientToken: the far end repeats its answer.
	Token
	// Tagged creates carry only ownership tags: a repeat makes a second one, so
	// after a doubt somebody has to look.
	Tagged
)

// Phase is how far the far end is with a resource.
type Phase int

// The phases of what exists.
const (
	Ready    Phase = iota
	Pending        // on its way to ready: ask again
	Deleting       // on its way out: ask again
	Broken         // failed for good: a person has to look
	Ended          // a memory of what is gone (a terminated instance): deleted, and not to be revived
)

// Observation is what a look found.
type Observation struct {
	Exists bool
	Phase  Phase
	// Name is what people call it, "VPC vpc-0abc"; State how it is, to be read
	// after its name: "is pending".
	Name, State string
	// Foreign says that it is not this installation's: neither adopted nor
	// deleted. Leaves set it from the ownership tags; what cannot carry tags
	// (an attachment, a route) is never foreign.
	Foreign bool
	// Stale says that it differs from what the call wants; Create updates it.
	Stale bool
	// Set holds the runtime properties that a finished operation leaves.
	Set map[string]orchestrator.Value
}

// Verb is what an operation wants of a resource.
type Verb int

// The verbs.
const (
	Create Verb = iota // be there and be ready
	Update             // exists; bring it to what the call wants
	Delete             // be gone
	Check              // exists and is ready; nothing is changed
)

// Options say how a resource is to be handled in one call.
type Options struct {
	Class Class
	// IDKey is the runtime property that names a created resource; while it is
	// empty nothing is known to exist. Classes Token and Tagged need it.
	IDKey string
	// External resources belong to somebody else: Create and Update only check
	// that they exist, Delete leaves them alone.
	External bool
	// UseExisting lets a Named create take over what is foreign; what was taken
	// over is the leaf's to remember, and not to delete.
	UseExisting bool
	// Drop lists the runtime properties that a finished delete drops; nil means
	// all of them, as the delete operation of a node type does.
	Drop []string
	// Poll is the real-cloud time between two looks; 0 means DefaultPoll.
	Poll time.Duration
	// Limit bounds how long one attempt stays pending, in the time of the
	// server (never divided by a rehearsal's speed); 0 means DefaultLimit.
	Limit time.Duration
	// Scale shortens the time of doubt in a rehearsal; nil keeps it.
	Scale func(time.Duration) time.Duration
	// Now tells how long a create took, which may be long when the far end
	// throttles: its doubt begins with its end. nil means time.Now.
	Now func() time.Time
}

// NamedOptions are the Options of a Named resource whose node says by its
// properties whose it is: use_external_resource, create_if_missing,
// use_if_exists. sent says that this instance asked the far end to make it; what
// it never sent is not its to change or delete.
func NamedOptions(self *provider.Instance, verb Verb, sent bool) Options {
	external := provider.IsTrue(self.Properties["use_external_resource"])
	missing := provider.IsTrue(self.Properties["create_if_missing"])
	return Options{
		Class:       Named,
		External:    !sent && (verb == Delete || external && !missing),
		UseExisting: external || provider.IsTrue(self.Properties["use_if_exists"]),
	}
}

// Defaults of Options.
const (
	DefaultPoll  = 15 * time.Second
	DefaultLimit = 45 * time.Minute
)

// DoubtWindow is how long after a create of unknown outcome the far end may
// still come to show its effect.
const DoubtWindow = 60 * time.Second

// Doubtful marks the error of a create after which the thing may or may not
// exist: a lost connection, a timeout, a server error.
func Doubtful(err error) error {
	if err == nil {
		return nil
	}
	return &doubtfulError{err}
}

type doubtfulError struct{ err error }

func (e *doubtfulError) Error() string { return e.err.Error() }
func (e *doubtfulError) Unwrap() error { return e.err }

// IsDoubtful reports whether err, or a cause of it, was made by Doubtful.
func IsDoubtful(err error) bool {
	_, ok := errors.AsType[*doubtfulError](err)
	return ok
}

// With returns the call as it will look once the runtime properties are written:
// what a create or a find has just learned is visible to the next verb.
func With(call *provider.Call, set map[string]orchestrator.Value) *provider.Call {
	if call.Self == nil || len(set) == 0 {
		return call
	}
	self := *call.Self
	self.Runtime = maps.Clone(self.Runtime)
	if self.Runtime == nil {
		self.Runtime = make(map[string]orchestrator.Value, len(set))
	}
	maps.Copy(self.Runtime, set)
	next := *call
	next.Self = &self
	return &next
}
