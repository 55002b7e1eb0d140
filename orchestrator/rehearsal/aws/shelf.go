package aws

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// document is what the world keeps of one resource.
type document[T any] struct {
	Thing T `json:"thing"`
	// NextAt is when the resource leaves a passing state; zero when it does not.
	NextAt time.Time `json:"next_at,omitzero"`
	// VisibleAt hides a late effect from reads until then.
	VisibleAt time.Time `json:"visible_at,omitzero"`
	// Token is the client token of the create, and Request what was asked for
	// with it: the same token with other parameters is refused.
	Token   string `json:"token,omitempty"`
	Request string `json:"request,omitempty"`
	// Hidden things belong to others and are not listed (a main route table).
	Hidden bool `json:"hidden,omitempty"`

	createdAt time.Time
}

// shelf keeps one kind of EC2 resource.
type shelf[T any] struct {
	kind     string // "ec2.Vpc"
	prefix   string // of ids: "vpc"
	missing  string // the code for an id that is not there
	idFilter string // the filter that selects by id
	id       func(*T) **string
	tags     func(*T) *[]types.Tag
	state    func(T) string // the API's word for `rehearsal list`
	// name is what `rehearsal list` calls one without a Name tag; nil means
	// nothing.
	name func(T) string
	// listed says whether a thing still counts as there; nil means yes.
	listed func(T) bool
	// next makes the change of state that NextAt announced, and says whether the
	// thing is still remembered; nil means that there are no such changes.
	next func(*request, *document[T]) (remembered bool, err error)
	// facts are what filters may ask for, beside id and tags.
	facts func(T) map[string][]string
}

// add gives the thing an id and tags, and stores it.
func (s shelf[T]) add(r *request, thing T, tags []types.Tag, lasts time.Duration) (*document[T], error) {
	id, err := r.newID(s.prefix)
	if err != nil {
		return nil, err
	}
	*s.id(&thing) = &id
	*s.tags(&thing) = tags
	added := &document[T]{Thing: thing, createdAt: r.now}
	if lasts > 0 {
		added.NextAt = r.world.After(lasts)
	}
	if r.Late {
		added.VisibleAt = r.world.After(rehearsal.LateEffect)
	}
	return added, s.put(r, added)
}

// newID returns an id as EC2 makes them: 17 hexadecimal digits, no two alike.
func (r *request) newID(prefix string) (string, error) {
	n, err := r.Next("ec2 id")
	if err != nil {
		return "", fmt.Errorf("next id: %w", err)
	}
	// An odd factor scatters the numbers and keeps them distinct.
	return fmt.Sprintf("%s-0%016x", prefix, uint64(n)*0x9e3779b97f4a7c15), nil
}

func (s shelf[T]) put(r *request, d *document[T]) error {
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("write %s: %w", s.kind, err)
	}
	tags := *s.tags(&d.Thing)
	name := tagOf(tags, "Name")
	if name == "" && s.name != nil {
		name = s.name(d.Thing)
	}
	return r.Put(rehearsal.Object{
		Cloud: Cloud, Kind: s.kind, ID: aws.ToString(*s.id(&d.Thing)), Scope: r.region,
		Name: name, Deployment: tagOf(tags, rehearsal.TagDeployment), Instance: tagOf(tags, rehearsal.TagInstance),
		State: s.state(d.Thing), Listed: !d.Hidden && (s.listed == nil || s.listed(d.Thing)),
		Body: body, CreatedAt: d.createdAt, UpdatedAt: r.now,
	})
}

func (s shelf[T]) remove(r *request, d *document[T]) error {
	return r.Delete(Cloud, s.kind, aws.ToString(*s.id(&d.Thing)))
}

// get returns the thing with that id, or the API's refusal.
func (s shelf[T]) get(r *request, id *string) (*document[T], error) {
	name := aws.ToString(id)
	d, err := s.look(r, name)
	if err != nil {
		return nil, err
	}
	if d == nil {
		return nil, rehearsal.Refuse(400, s.missing, "The %s ID '%s' does not exist", s.prefix, name)
	}
	return d, nil
}

// look returns the thing with that id, or nil.
func (s shelf[T]) look(r *request, id string) (*document[T], error) {
	object, ok, err := r.Get(Cloud, s.kind, id)
	if err != nil || !ok || object.Scope != r.region {
		return nil, err
	}
	return s.read(r, object)
}

// read opens a stored thing and moves it on when its time has come; nil while a
// late effect hides it.
func (s shelf[T]) read(r *request, object rehearsal.Object) (*document[T], error) {
	d := &document[T]{createdAt: object.CreatedAt}
	if err := json.Unmarshal(object.Body, d); err != nil {
		return nil, fmt.Errorf("read %s %s: %w", s.kind, object.ID, err)
	}
	if !r.world.Due(d.VisibleAt) {
		return nil, nil
	}
	if s.next == nil || d.NextAt.IsZero() || !r.world.Due(d.NextAt) {
		return d, nil
	}
	d.NextAt = time.Time{}
	remembered, err := s.next(r, d)
	switch {
	case err != nil:
		return nil, err
	case !remembered:
		return nil, s.remove(r, d)
	default:
		return d, s.put(r, d)
	}
}

// all returns the region's things of this kind that pass the filters.
func (s shelf[T]) all(r *request, filters ...types.Filter) ([]*document[T], error) {
	if err := s.checkFilters(filters); err != nil {
		return nil, err
	}
	objects, err := s.candidates(r, filters)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", s.kind, err)
	}
	var found []*document[T]
	for _, object := range objects {
		d, err := s.read(r, object)
		if err != nil {
			return nil, err
		}
		if d != nil && s.passes(d.Thing, filters) {
			found = append(found, d)
		}
	}
	return found, nil
}

// candidates reads as little as the filters allow.
func (s shelf[T]) candidates(r *request, filters []types.Filter) ([]rehearsal.Object, error) {
	query := rehearsal.Query{Cloud: Cloud, Kind: s.kind, Scope: r.region}
	for _, f := range filters {
		if len(f.Values) != 1 {
			continue
		}
		switch aws.ToString(f.Name) {
		case s.idFilter:
			object, ok, err := r.Get(Cloud, s.kind, f.Values[0])
			if err != nil || !ok || object.Scope != r.region {
				return nil, err
			}
			return []rehearsal.Object{object}, nil
		case "tag:" + rehearsal.TagDeployment:
			query.Deployment = f.Values[0]
		}
	}
	return r.List(query)
}

// things takes the descriptions out of documents.
func things[T any](documents []*document[T]) []T {
	list := make([]T, len(documents))
	for i, d := range documents {
		list[i] = d.Thing
	}
	return list
}

// changed notes, for the record of calls, that the request made or changed the
// resource.
func (r *request) changed(id *string, tags []types.Tag) {
	r.ID, r.Deployment, r.Effective = aws.ToString(id), tagOf(tags, rehearsal.TagDeployment), true
}

// repeated notes a create whose token was used before.
func (r *request) repeated(id *string, tags []types.Tag) {
	r.changed(id, tags)
	r.Effective = false
}
