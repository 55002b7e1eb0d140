package aws

import (
	"context"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

// thing is a kind of EC2 resource with an id and tags of its own; T is how the
// SDK describes one. The fields say what differs between kinds, the methods are
// the four verbs and the look by tag.
type thing[T any] struct {
	noun string // for people: "VPC"
	// find returns the id under which the call's resource is recorded, and the
	// filter that selects by it.
	find func(*provider.Call) (id, filterName string)
	list func(context.Context, []types.Filter) ([]T, error)
	tags func(T) []types.Tag
	// names returns the runtime properties that name one.
	names func(T) map[string]orchestrator.Value
	// look says how far one is; nil means that existing is being ready.
	look func(T) (resource.Phase, string)
	// stale says that one that is ready is not what the operation wants; nil
	// means never.
	stale func(T) bool
	// more returns further runtime properties of one that is ready.
	more func(context.Context, *provider.Call, T) (map[string]orchestrator.Value, error)
	// create returns what names the new one.
	create func(context.Context, *provider.Call) (map[string]orchestrator.Value, error)
	// update is nil where nothing is ever changed.
	update func(context.Context, *provider.Call, T) error
	remove func(ctx context.Context, call *provider.Call, id string) error
}

// named is what names most kinds: their id.
func named(id *string) map[string]orchestrator.Value {
	return map[string]orchestrator.Value{idKey: aws.ToString(id)}
}

// byID is the find of most kinds.
func byID(filterName string) func(*provider.Call) (string, string) {
	return func(call *provider.Call) (string, string) { return instanceID(call.Self), filterName }
}

// get returns the recorded one, if it exists.
func (t thing[T]) get(ctx context.Context, call *provider.Call) (found T, id string, ok bool, err error) {
	id, filterName := t.find(call)
	if id == "" {
		return found, "", false, nil
	}
	list, err := t.list(ctx, []types.Filter{filter(filterName, id)})
	if err != nil {
		return found, id, false, fmt.Errorf("look at %s %s: %w", t.noun, id, err)
	}
	if len(list) == 0 {
		return found, id, false, nil
	}
	return list[0], id, true, nil
}

// Observe implements resource.Resource.
func (t thing[T]) Observe(ctx context.Context, call *provider.Call) (resource.Observation, error) {
	found, id, ok, err := t.get(ctx, call)
	if err != nil || !ok {
		return resource.Observation{Name: t.called(call, id)}, err
	}
	seen := resource.Observation{Exists: true, Name: t.called(call, id), Foreign: isForeign(call, t.tags(found))}
	if t.look != nil {
		var word string
		seen.Phase, word = t.look(found)
		seen.State = "is " + word
	}
	if seen.Phase != resource.Ready {
		return seen, nil
	}
	seen.Stale = t.stale != nil && t.stale(found)
	seen.Set, err = t.properties(ctx, call, found)
	return seen, err
}

// called is what people call the call's resource.
func (t thing[T]) called(call *provider.Call, id string) string {
	if id == "" {
		return "the " + t.noun + " of " + call.Self.NodeID
	}
	return t.noun + " " + id
}

func (t thing[T]) properties(ctx context.Context, call *provider.Call, found T) (map[string]orchestrator.Value, error) {
	set := maps.Clone(t.names(found))
	description, err := describe(found)
	if err != nil {
		return nil, err
	}
	set[responseKey] = description
	set[configKey] = parameters(call)
	if t.more == nil {
		return set, nil
	}
	more, err := t.more(ctx, call, found)
	if err != nil {
		return nil, err
	}
	maps.Copy(set, more)
	return set, nil
}

// Find implements resource.Finder. EC2 tells the age of hardly anything, so the
// order is that of the API.
func (t thing[T]) Find(ctx context.Context, call *provider.Call) ([]map[string]orchestrator.Value, error) {
	list, err := t.list(ctx, ownershipFilters(call))
	if err != nil {
		return nil, err
	}
	var found []map[string]orchestrator.Value
	for _, one := range list {
		if t.look != nil {
			if phase, _ := t.look(one); phase == resource.Ended {
				continue // of an earlier life
			}
		}
		found = append(found, t.names(one))
	}
	return found, nil
}

// Create implements resource.Resource.
func (t thing[T]) Create(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
	named, err := t.create(ctx, call)
	return named, doubtful(err)
}

// Update implements resource.Resource.
func (t thing[T]) Update(ctx context.Context, call *provider.Call, _ resource.Observation) error {
	if t.update == nil {
		return nil
	}
	found, _, ok, err := t.get(ctx, call)
	if err != nil || !ok {
		return err
	}
	return t.update(ctx, call, found)
}

// Delete implements resource.Resource.
func (t thing[T]) Delete(ctx context.Context, call *provider.Call) error {
	id, _ := t.find(call)
	return t.remove(ctx, call, id)
}

// link is what connects things: an attachment, an association, a set of rules.
// Its name is the pair of ids, so asking for it twice is safe.
type link struct {
	observe func(context.Context, *provider.Call) (resource.Observation, error)
	create  func(context.Context, *provider.Call) (map[string]orchestrator.Value, error)
	// update completes a link of several parts; nil where there is only one.
	update func(context.Context, *provider.Call) error
	remove func(context.Context, *provider.Call) error
}

// Observe implements resource.Resource.
func (l link) Observe(ctx context.Context, call *provider.Call) (resource.Observation, error) {
	return l.observe(ctx, call)
}

// Create implements resource.Resource.
func (l link) Create(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
	return l.create(ctx, call)
}

// Update implements resource.Resource.
func (l link) Update(ctx context.Context, call *provider.Call, _ resource.Observation) error {
	if l.update == nil {
		return nil
	}
	return l.update(ctx, call)
}

// Delete implements resource.Resource.
func (l link) Delete(ctx context.Context, call *provider.Call) error { return l.remove(ctx, call) }
