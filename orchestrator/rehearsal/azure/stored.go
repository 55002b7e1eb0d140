package azure

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// stored is how the world keeps a resource.
type stored struct {
	Resource document `json:"resource"`
	// Wish is the request that made it so, without its secrets.
	Wish document `json:"wish"`
	// ReadyAt is when the change under way is done; GoneAt when the deletion is.
	ReadyAt   time.Time `json:"ready_at"`
	GoneAt    time.Time `json:"gone_at,omitzero"`
	CreatedAt time.Time `json:"created_at"`
	// VisibleAt is when reads begin to show it, after a late effect.
	VisibleAt time.Time `json:"visible_at,omitzero"`
}

// ARM's words for how a resource is.
const (
	creating  = "Creating"
	updating  = "Updating"
	deleting  = "Deleting"
	succeeded = "Succeeded"
)

// state is the resource's word at a time.
func (s stored) state() string { return text(s.Resource, "properties", "provisioningState") }

// load reads a resource as it is now: what became ready says so, what is due to
// go is removed and not found.
func (a *act) load(t target) (stored, bool, error) {
	found, ok, err := a.Get(cloudName, t.row.name, t.id)
	if err != nil || !ok {
		return stored{}, false, err
	}
	var s stored
	if err := json.Unmarshal(found.Body, &s); err != nil {
		return stored{}, false, fmt.Errorf("read %s: %w", t.id, err)
	}
	if !s.GoneAt.IsZero() {
		if !a.world.Due(s.GoneAt) {
			return s, true, nil
		}
		return stored{}, false, a.erase(t, s)
	}
	if s.state() != succeeded && a.world.Due(s.ReadyAt) {
		rehearsal.Part(s.Resource, "properties")["provisioningState"] = succeeded
		return s, true, a.save(t, s)
	}
	return s, true, nil
}

// save writes a resource as the world lists it.
func (a *act) save(t target, s stored) error {
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write %s: %w", t.id, err)
	}
	return a.Put(rehearsal.Object{
		Cloud: cloudName, Kind: t.row.name, ID: t.id, Name: t.name, Scope: t.scope(), Listed: true, State: s.state(),
		Deployment: text(s.Resource, "tags", rehearsal.TagDeployment), Instance: text(s.Resource, "tags", rehearsal.TagInstance),
		Body: body, CreatedAt: s.CreatedAt, UpdatedAt: a.world.Now(),
	})
}

// erase removes a resource at last, with everything in it.
func (a *act) erase(t target, s stored) error {
	inside, err := a.List(rehearsal.Query{Cloud: cloudName, Scope: t.id})
	if err != nil {
		return fmt.Errorf("list what is in %s: %w", t.id, err)
	}
	for _, object := range inside {
		if object.Kind == referenceKind {
			continue
		}
		if err := a.eraseObject(object); err != nil {
			return err
		}
	}
	if t.row.ended != nil {
		if err := t.row.ended(a, s); err != nil {
			return err
		}
	}
	if err := a.forgetReferences(t.id, s); err != nil {
		return err
	}
	return a.Delete(cloudName, t.row.name, t.id)
}

func (a *act) eraseObject(object rehearsal.Object) error {
	t, err := parse(object.ID)
	if err != nil {
		return err
	}
	var s stored
	if err := json.Unmarshal(object.Body, &s); err != nil {
		return fmt.Errorf("read %s: %w", object.ID, err)
	}
	return a.erase(t, s)
}

// children lists what lives in a resource.
func (a *act) children(id, kind string) ([]rehearsal.Object, []stored, error) {
	objects, err := a.List(rehearsal.Query{Cloud: cloudName, Kind: kind, Scope: id})
	if err != nil {
		return nil, nil, err
	}
	out := make([]stored, len(objects))
	for i, object := range objects {
		if err := json.Unmarshal(object.Body, &out[i]); err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", object.ID, err)
		}
	}
	return objects, out, nil
}

// referenceKind is a line of the world's book of who refers to whom: Scope is
// the target, Name the source. It is what makes "in use" cheap to answer.
const referenceKind = "reference"

func (a *act) keepReferences(id string, s stored) error {
	for target := range referencesIn(id, s.Resource) {
		err := a.Put(rehearsal.Object{Cloud: cloudName, Kind: referenceKind, ID: target + "|" + id, Scope: target, Name: id})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *act) forgetReferences(id string, s stored) error {
	for target := range referencesIn(id, s.Resource) {
		if err := a.Delete(cloudName, referenceKind, target+"|"+id); err != nil {
			return err
		}
	}
	return nil
}

// users lists the ids of what refers to a resource, and is not being deleted
// with it.
func (a *act) users(id string) ([]string, error) {
	found, err := a.List(rehearsal.Query{Cloud: cloudName, Kind: referenceKind, Scope: id})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, reference := range found {
		t, err := parse(reference.Name)
		if err != nil {
			return nil, err
		}
		if _, alive, err := a.load(t); err != nil {
			return nil, err
		} else if alive {
			out = append(out, reference.Name)
		}
	}
	return out, nil
}

// referencesIn finds the ids of other resources in a body, by where they stand.
func referencesIn(own string, body document) map[string]string {
	out := map[string]string{}
	collectReferences(own, "", body, out)
	return out
}

func collectReferences(own, at string, value any, out map[string]string) {
	switch value := value.(type) {
	case document:
		for key, item := range value {
			collectReferences(own, key, item, out)
		}
	case []any:
		for _, item := range value {
			collectReferences(own, at, item, out)
		}
	case string:
		isID := strings.EqualFold(at, "id") || strings.HasSuffix(at, "Id") || strings.HasSuffix(at, "ID")
		if !isID || !strings.HasPrefix(strings.ToLower(value), "/subscriptions/") || strings.HasPrefix(value, own) {
			return
		}
		t, err := parse(value)
		if err != nil {
			out[value] = at // what cannot be known is refused where it is checked
			return
		}
		out[t.id] = at
	}
}
