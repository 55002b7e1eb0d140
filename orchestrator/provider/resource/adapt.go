package resource

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// Adapted turns verbs on one resource into answers for the engine.
type Adapted struct {
	resource Resource
	options  Options
}

// Adapt binds a resource to the way it is to be handled.
func Adapt(resource Resource, options Options) Adapted {
	if options.Poll <= 0 {
		options.Poll = DefaultPoll
	}
	if options.Limit <= 0 {
		options.Limit = DefaultLimit
	}
	if options.Scale == nil {
		options.Scale = func(d time.Duration) time.Duration { return d }
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return Adapted{resource, options}
}

// Run carries out the verb. Waiting is answered as "ask again", never slept.
func (a Adapted) Run(ctx context.Context, call *provider.Call, verb Verb) (provider.Result, error) {
	if a.options.External {
		return a.external(ctx, call, verb)
	}
	switch verb {
	case Create:
		return a.create(ctx, call)
	case Update:
		return a.update(ctx, call)
	case Delete:
		return a.delete(ctx, call)
	default:
		return a.check(ctx, call)
	}
}

// external only reads: somebody else owns the resource.
func (a Adapted) external(ctx context.Context, call *provider.Call, verb Verb) (provider.Result, error) {
	if verb == Delete {
		return provider.Result{Drop: a.options.Drop, DropAll: a.options.Drop == nil}, nil
	}
	return a.check(ctx, call)
}

func (a Adapted) check(ctx context.Context, call *provider.Call) (provider.Result, error) {
	seen, err := a.resource.Observe(ctx, call)
	if err != nil {
		return provider.Result{}, err
	}
	if !seen.Exists {
		return provider.Result{}, provider.Fatal(orchestrator.Errorf(orchestrator.NotFound,
			"%s does not exist; correct its resource_id, or let Slipway create it", seen.name(call)))
	}
	return a.conclude(call, seen, nil)
}

func (a Adapted) create(ctx context.Context, call *provider.Call) (provider.Result, error) {
	seen, err := a.resource.Observe(ctx, call)
	switch {
	case err != nil:
		return provider.Result{}, err
	case seen.Exists:
		return a.meet(ctx, call, seen, nil)
	case a.recorded(call):
		return a.vanished(call, seen)
	}

	named, again, err := a.settleDoubt(ctx, call)
	if err != nil || again != nil {
		return provider.Result{Again: again}, err
	}
	if named == nil {
		began := a.options.Now()
		if named, err = a.resource.Create(ctx, call); err != nil {
			return a.createFailed(ctx, call, call.Now.Add(a.options.Now().Sub(began)), err)
		}
	}
	if err := call.Journal.Set(ctx, named); err != nil {
		return provider.Result{}, fmt.Errorf("record what was created: %w", err)
	}
	return a.awaitCreated(ctx, With(call, named), named)
}

// awaitCreated looks at what was just created or adopted. Far ends may take a
// moment to show it.
func (a Adapted) awaitCreated(ctx context.Context, call *provider.Call, named map[string]orchestrator.Value) (provider.Result, error) {
	seen, err := a.resource.Observe(ctx, call)
	if err != nil {
		return provider.Result{}, err
	}
	if !seen.Exists {
		return a.vanished(call, seen)
	}
	return a.meet(ctx, call, seen, named)
}

// meet handles a create that finds its resource: this or an earlier try made it,
// or somebody else did.
func (a Adapted) meet(ctx context.Context, call *provider.Call, seen Observation, named map[string]orchestrator.Value) (provider.Result, error) {
	if seen.Foreign && !a.options.UseExisting {
		return provider.Result{}, provider.Fatal(orchestrator.Errorf(orchestrator.Conflict,
			"%s exists already and carries no ownership tag of this Slipway; choose another name, or use it as an external resource", seen.name(call)))
	}
	if seen.Phase == Ready && seen.Stale {
		if err := a.resource.Update(ctx, call, seen); err != nil {
			return provider.Result{}, err
		}
		var err error
		if seen, err = a.resource.Observe(ctx, call); err != nil {
			return provider.Result{}, err
		}
	}
	return a.conclude(call, seen, named)
}

func (a Adapted) update(ctx context.Context, call *provider.Call) (provider.Result, error) {
	seen, err := a.resource.Observe(ctx, call)
	if err != nil {
		return provider.Result{}, err
	}
	if !seen.Exists {
		return provider.Result{}, provider.Fatal(orchestrator.Errorf(orchestrator.NotFound, "%s is gone", seen.name(call)))
	}
	if seen.Phase == Ready {
		if err := a.resource.Update(ctx, call, seen); err != nil {
			return provider.Result{}, err
		}
		if seen, err = a.resource.Observe(ctx, call); err != nil {
			return provider.Result{}, err
		}
	}
	if seen.Exists && seen.Phase == Ready && seen.Stale {
		return a.again(call, seen.name(call)+" is about to change")
	}
	return a.conclude(call, seen, nil)
}

// conclude answers for what exists: done, ask again, or hopeless.
func (a Adapted) conclude(call *provider.Call, seen Observation, named map[string]orchestrator.Value) (provider.Result, error) {
	switch seen.Phase {
	case Ready:
		set := make(map[string]orchestrator.Value, len(named)+len(seen.Set))
		maps.Copy(set, named)
		maps.Copy(set, seen.Set)
		return provider.Result{Set: set, Drop: a.settled()}, nil
	case Broken, Ended:
		return provider.Result{}, provider.Fatal(orchestrator.Errorf(orchestrator.Conflict, "%s and will not recover by itself", seen.describe(call)))
	default:
		return a.again(call, seen.describe(call))
	}
}

func (a Adapted) delete(ctx context.Context, call *provider.Call) (provider.Result, error) {
	seen, err := a.resource.Observe(ctx, call)
	if err != nil {
		return provider.Result{}, err
	}
	if !seen.Exists && a.unrecorded(call) {
		return a.deleteUnrecorded(ctx, call)
	}
	if !seen.Exists || seen.Phase == Ended {
		return a.gone(), nil
	}
	if seen.Foreign {
		return provider.Result{}, provider.Fatal(orchestrator.Errorf(orchestrator.Conflict,
			"%s carries no ownership tag of this Slipway any more, so it is not deleted; delete it yourself, or tag it again", seen.name(call)))
	}
	return a.remove(ctx, call, seen)
}

// remove deletes what was seen and looks whether it is gone.
func (a Adapted) remove(ctx context.Context, call *provider.Call, seen Observation) (provider.Result, error) {
	if seen.Phase != Deleting {
		if err := a.resource.Delete(ctx, call); err != nil {
			return provider.Result{}, err
		}
	}
	left, err := a.resource.Observe(ctx, call)
	if err != nil {
		return provider.Result{}, err
	}
	if left.Exists && left.Phase != Ended {
		return a.again(call, left.describe(call))
	}
	return a.gone(), nil
}

func (a Adapted) gone() provider.Result {
	return provider.Result{Drop: a.options.Drop, DropAll: a.options.Drop == nil}
}

// again asks for another look, unless the attempt has lasted too long.
func (a Adapted) again(call *provider.Call, reason string) (provider.Result, error) {
	if !call.IntentAt.IsZero() && call.Now.Sub(call.IntentAt) > a.options.Limit {
		return provider.Result{}, provider.Fatal(orchestrator.Errorf(orchestrator.Unavailable, "%s, for more than %s", reason, a.options.Limit))
	}
	return provider.Result{Again: &provider.Again{After: a.options.Poll, Reason: reason}}, nil
}

// vanished handles what was recorded and is not to be seen: too new for the far
// end's reads, or deleted behind our back.
func (a Adapted) vanished(call *provider.Call, seen Observation) (provider.Result, error) {
	if call.Now.Sub(call.IntentAt) <= a.options.Scale(DoubtWindow) {
		return provider.Result{Again: &provider.Again{After: lookInterval, Reason: seen.name(call) + " is not visible yet"}}, nil
	}
	return provider.Result{}, provider.Fatal(orchestrator.Errorf(orchestrator.NotFound,
		"%s was created and is gone; somebody deleted it outside of Slipway", seen.name(call)))
}

// name is what people call the resource.
func (o Observation) name(call *provider.Call) string {
	if o.Name != "" {
		return o.Name
	}
	return "the resource of " + call.Self.ID
}

// describe says for people how the resource is.
func (o Observation) describe(call *provider.Call) string {
	return strings.TrimSpace(o.name(call) + " " + o.State)
}
