package kubernetes

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// How long things take in a real cluster.
const (
	readyAfter         = 20 * time.Second // images pulled, pods up, addresses assigned
	namespaceGoneAfter = 6 * time.Second  // its contents are removed first
)

func (a *act) get() (answer, error) {
	s, ok, err := a.loadOrFurniture(a.target)
	if err != nil {
		return answer{}, err
	}
	if !ok || !a.world.Due(s.VisibleAt) {
		return a.absent(), nil
	}
	if s.listed != stateWord(a.target.kind, s, a.world.Now()) && s.listed != "" {
		if err := a.save(a.target, s); err != nil {
			return answer{}, err
		}
	}
	return a.show(http.StatusOK, s)
}

// absent answers that there is no such object. It is no refusal: looking may
// have removed what was due to go, and that stays done.
func (a *act) absent() answer {
	message := fmt.Sprintf("%s %q not found", resourceName(a.target.kind), a.target.name)
	a.Error = "NotFound: " + message
	return answer{http.StatusNotFound, failure(http.StatusNotFound, "NotFound", message)}
}

func resourceName(k kind) string {
	if k.group == "" {
		return k.resource
	}
	return k.resource + "." + k.group
}

// show answers with the object as it is now.
func (a *act) show(status int, s stored) (answer, error) {
	a.Deployment = deploymentOf(s.Object)
	return answer{status, withStatus(a.target.kind, s, a.world.Now())}, nil
}

func (a *act) list() (answer, error) {
	found, err := a.stored(a.target)
	if err != nil {
		return answer{}, err
	}
	items := []any{}
	for _, each := range found {
		if !a.world.Due(each.VisibleAt) {
			continue
		}
		items = append(items, withStatus(a.target.kind, each.stored, a.world.Now()))
	}
	return answer{http.StatusOK, document{
		"apiVersion": a.target.kind.apiVersion(), "kind": a.target.kind.name + "List",
		"metadata": document{"resourceVersion": ""}, "items": items,
	}}, nil
}

func (a *act) create() (answer, error) {
	name := text(a.body, "metadata", "name")
	a.target.name = name
	a.ID = a.target.id(a.cluster.Server)
	_, exists, err := a.loadOrFurniture(a.target)
	if err != nil {
		return answer{}, err
	}
	if exists {
		return answer{}, rehearsal.Refuse(http.StatusConflict, "AlreadyExists", "%s %q already exists", resourceName(a.target.kind), name)
	}
	return a.write(stored{}, a.body, nil)
}

func (a *act) replace() (answer, error) {
	s, ok, err := a.load(a.target)
	if err != nil {
		return answer{}, err
	}
	if !ok {
		return a.absent(), nil
	}
	return a.write(s, a.body, s.Applied)
}

func (a *act) apply() (answer, error) {
	manager := a.query.Get("fieldManager")
	if manager == "" {
		return answer{}, rehearsal.Refuse(http.StatusUnprocessableEntity, "Invalid", "PatchOptions.meta.k8s.io is invalid: fieldManager: Required value: is required for apply patch")
	}
	s, _, err := a.load(a.target)
	if err != nil {
		return answer{}, err
	}
	merged, owned, err := merge(s.Object, s.Applied, manager, wish(a.body), a.query.Get("force") == "true")
	if err != nil {
		return answer{}, err
	}
	return a.write(s, merged, owned)
}

// write checks and keeps the wanted state of an object, new or known. Writing
// what is there already changes nothing.
func (a *act) write(before stored, wanted document, owned applied) (answer, error) {
	isNew := before.Object == nil
	wanted = rehearsal.CloneDocument(wanted)
	if err := a.checkPlace(wanted, isNew); err != nil {
		return answer{}, err
	}
	normalize(a.target.kind, wanted)
	if err := check(a.target.kind, wanted, before.Object); err != nil {
		return answer{}, err
	}
	after := before
	after.Applied = owned
	var err error
	if after.Object, err = a.stamp(before.Object, wanted); err != nil {
		return answer{}, err
	}
	if !isNew && sameWish(before.Object, after.Object) {
		return a.show(http.StatusOK, before)
	}
	after.ReadyAt = a.world.After(readyAfter)
	if isNew && a.Late {
		after.VisibleAt = a.world.After(rehearsal.LateEffect)
	}
	if err := a.assign(&after); err != nil {
		return answer{}, err
	}
	if a.query.Get("dryRun") == "" {
		a.Effective = true
		if err := a.save(a.target, after); err != nil {
			return answer{}, err
		}
	}
	if isNew {
		return a.show(http.StatusCreated, after)
	}
	return a.show(http.StatusOK, after)
}

// checkPlace makes sure that body and path agree and that the namespace is there.
func (a *act) checkPlace(wanted document, isNew bool) error {
	k := a.target.kind
	if text(wanted, "kind") != k.name || text(wanted, "apiVersion") != k.apiVersion() {
		return rehearsal.Refuse(http.StatusBadRequest, "BadRequest", "the object provided is %s %s, not %s %s",
			text(wanted, "apiVersion"), text(wanted, "kind"), k.apiVersion(), k.name)
	}
	metadata := rehearsal.Part(wanted, "metadata")
	if name, ok := metadata["name"].(string); !ok || name != a.target.name {
		return rehearsal.Refuse(http.StatusBadRequest, "BadRequest", "the name of the object (%v) does not match the name on the URL (%s)", metadata["name"], a.target.name)
	}
	if !k.namespaced {
		delete(metadata, "namespace")
		return nil
	}
	if given := text(wanted, "metadata", "namespace"); given != "" && given != a.target.namespace {
		return rehearsal.Refuse(http.StatusBadRequest, "BadRequest", "the namespace of the provided object does not match the namespace sent on the request")
	}
	metadata["namespace"] = a.target.namespace
	if !isNew {
		return nil
	}
	return a.checkNamespace(a.target.namespace)
}

func (a *act) checkNamespace(name string) error {
	namespaceKind, _ := findKind("", "v1", "namespaces")
	s, ok, err := a.loadOrFurniture(target{kind: namespaceKind, name: name})
	switch {
	case err != nil:
		return err
	case !ok:
		return notFound("namespaces %q not found", name)
	case !s.GoneAt.IsZero():
		return rehearsal.Refuse(http.StatusForbidden, "Forbidden", beingTerminated, name)
	}
	return nil
}

// stamp gives the object the server's own metadata.
func (a *act) stamp(before, wanted document) (document, error) {
	version, err := a.Next("resourceVersion " + a.cluster.Server)
	if err != nil {
		return nil, err
	}
	metadata := rehearsal.Part(wanted, "metadata")
	delete(wanted, "status")
	metadata["resourceVersion"] = strconv.FormatInt(version, 10)
	if before == nil {
		metadata["uid"] = uuid.NewString()
		metadata["creationTimestamp"] = a.world.Now().UTC().Format(time.RFC3339)
		if wanted["spec"] != nil {
			metadata["generation"] = 1.0
		}
		return wanted, nil
	}
	metadata["uid"] = field(before, "metadata", "uid")
	metadata["creationTimestamp"] = field(before, "metadata", "creationTimestamp")
	if generation, ok := number(before, "metadata", "generation"); ok {
		metadata["generation"] = generation + 1
	}
	return wanted, nil
}

func (a *act) remove() (answer, error) {
	s, ok, err := a.load(a.target)
	if err != nil {
		return answer{}, err
	}
	if !ok {
		return a.absent(), nil
	}
	if uid := text(a.body, "preconditions", "uid"); uid != "" && uid != text(s.Object, "metadata", "uid") {
		return answer{}, rehearsal.Refuse(http.StatusConflict, "Conflict", "the UID in the precondition does not match the UID in record")
	}
	a.Deployment = deploymentOf(s.Object)
	if !s.GoneAt.IsZero() {
		return a.show(http.StatusOK, s)
	}
	a.Effective = true
	s.GoneAt = a.world.After(a.goneAfter())
	if a.world.Due(s.GoneAt) {
		return answer{}, a.erase(a.target, s)
	}
	rehearsal.Part(s.Object, "metadata")["deletionTimestamp"] = a.world.Now().UTC().Format(time.RFC3339)
	if isNamespace(a.target.kind) {
		if err := a.empty(a.target.name); err != nil {
			return answer{}, err
		}
	}
	if err := a.save(a.target, s); err != nil {
		return answer{}, err
	}
	return a.show(http.StatusOK, s)
}

// goneAfter is how long a deletion takes.
func (a *act) goneAfter() time.Duration {
	switch {
	case a.Late:
		return max(namespaceGoneAfter, rehearsal.LateEffect)
	case isNamespace(a.target.kind):
		return namespaceGoneAfter
	}
	return 0
}
