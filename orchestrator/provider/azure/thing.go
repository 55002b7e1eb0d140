package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

// thing is one ARM resource, as a resource.Resource.
type thing struct {
	client  *client
	kind    kind
	at      place
	version string
	body    document // what to PUT; nil where nothing is to be put
	limit   time.Duration
	// resubmit puts the body over what is there, whoever made it.
	resubmit bool
	// put says that this very call sent a PUT.
	put bool
	// patience is what the server asked to wait.
	patience time.Duration
	// seen is what the last look found.
	seen document
}

// called is what people call the resource.
func (t *thing) called() string { return t.kind.arm + " " + t.at.name }

// Observe asks about the operation under way, if there is one, then looks at the
// resource.
func (t *thing) Observe(ctx context.Context, call *provider.Call) (resource.Observation, error) {
	switch phase, err := t.underWay(ctx, call); {
	case err != nil:
		return resource.Observation{}, err
	case phase == resource.Deleting:
		return resource.Observation{Exists: true, Phase: phase, Name: t.called(), State: "is being deleted"}, nil
	case phase == resource.Pending:
		return resource.Observation{Exists: true, Phase: phase, Name: t.called(), State: "is being changed"}, nil
	}
	found, ok, err := t.client.get(ctx, t.at.id, t.version)
	if err != nil || !ok {
		return resource.Observation{Name: t.called()}, err
	}
	t.seen = found
	return t.observed(call, found), nil
}

// underWay asks about the operations that the runtime properties tell of: a
// deletion, a change. Ready means that none is under way any more.
func (t *thing) underWay(ctx context.Context, call *provider.Call) (resource.Phase, error) {
	for _, operation := range []struct {
		key   string
		phase resource.Phase
	}{{deletionKey, resource.Deleting}, {operationKey, resource.Pending}} {
		token := provider.Text(call.Self.Runtime[operation.key])
		if token == "" {
			continue
		}
		now, err := t.client.poll(ctx, token)
		if err != nil {
			return resource.Ready, t.operationError(ctx, call, operation.key, err)
		}
		if !now.done {
			t.patience = now.patience
			return operation.phase, nil
		}
	}
	return resource.Ready, nil
}

// operationError forgets an operation that failed, so that the next attempt
// starts with a look.
func (t *thing) operationError(ctx context.Context, call *provider.Call, key string, err error) error {
	explained := explain("change "+shortID(t.at.id), err)
	if _, failed := errors.AsType[*operationFailed](err); !failed {
		return explained
	}
	if err := call.Journal.Set(ctx, map[string]orchestrator.Value{key: nil}); err != nil {
		return fmt.Errorf("record that the operation failed: %w", err)
	}
	return explained
}

func (t *thing) observed(call *provider.Call, found document) resource.Observation {
	state, _ := orchestrator.Lookup(found, "properties", "provisioningState")
	seen := resource.Observation{
		Exists: true, Foreign: !t.ours(call, found), Set: t.properties(call, found),
		Name: t.called(), State: "is " + asText(state),
	}
	if t.body != nil && !seen.Foreign {
		// Also where an earlier life of the instance left it behind: what is ours
		// is ours to delete.
		seen.Set[sentKey] = t.at.id
	}
	switch state {
	case nil, "Succeeded", "Ready":
		seen.State = "is there"
	case "Failed", "Canceled":
		if t.body == nil || t.put {
			seen.Phase = resource.Broken
		}
		seen.Stale = !seen.Foreign // put it again
	case "Deleting":
		seen.Phase = resource.Deleting
	default:
		seen.Phase = resource.Pending
	}
	if t.resubmit && !t.put && sent(call) == "" {
		seen.Foreign, seen.Stale = false, true
	}
	return seen
}

// ours reports whether this very instance made the resource: by its tags, or,
// where the API keeps none, by what was written down before the PUT.
func (t *thing) ours(call *provider.Call, found document) bool {
	if !t.kind.tagged {
		return sent(call) == t.at.id
	}
	tags, _ := found["tags"].(document)
	for key, value := range call.OwnershipTags() {
		if tags[key] != value {
			return false
		}
	}
	return true
}

// Create writes down what will be sent, then sends it.
func (t *thing) Create(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
	named := map[string]orchestrator.Value{sentKey: t.at.id, "name": t.at.name, "resource_group": t.at.group, operationKey: nil}
	if err := call.Journal.Set(ctx, named); err != nil {
		return nil, fmt.Errorf("record what will be created: %w", err)
	}
	token, err := t.send(ctx, call, http.MethodPut)
	if err != nil {
		return nil, err
	}
	if token != "" {
		named[operationKey] = token
	}
	return named, nil
}

// Update puts the body again.
func (t *thing) Update(ctx context.Context, call *provider.Call, _ resource.Observation) error {
	_, err := t.Create(ctx, call)
	return err
}

// Delete asks for the resource's end.
func (t *thing) Delete(ctx context.Context, call *provider.Call) error {
	_, err := t.send(ctx, call, http.MethodDelete)
	if isNotFound(err) {
		return nil
	}
	return err
}

// send sends a change and writes down the token of the operation it began.
func (t *thing) send(ctx context.Context, call *provider.Call, method string) (token string, err error) {
	var body any
	doing, key := "delete "+shortID(t.at.id), deletionKey
	if method == http.MethodPut {
		body, t.put = t.body, true
		doing, key = "create "+shortID(t.at.id), operationKey
	}
	err = fenced(ctx, call, func(ctx context.Context) (err error) {
		token, err = t.client.begin(ctx, method, t.at.id, t.version, body)
		return err
	})
	if isNotFound(err) && method == http.MethodDelete {
		return "", err
	}
	if err != nil {
		return "", explain(doing, err)
	}
	if token == "" {
		return "", nil
	}
	if err := call.Journal.Set(ctx, map[string]orchestrator.Value{key: token}); err != nil {
		return "", fmt.Errorf("record the operation: %w", err)
	}
	return token, nil
}

// userMaps are keys of ARM answers below which names are the user's own.
var userMaps = []string{"tags", "nodeLabels", "parameters", "outputs", "userAssignedIdentities"}

// properties are what the resource leaves in the runtime properties. The
// resource's own properties are laid flat beside "properties", since blueprints
// read them both ways.
func (t *thing) properties(call *provider.Call, found document) map[string]orchestrator.Value {
	set := map[string]orchestrator.Value{
		"name": t.at.name, "resource_group": t.at.group, "resource_id": t.at.id,
		"resource": markEchoes(viewOf(found), secretsOf(call)),
	}
	if t.kind.parentName != "" {
		set[t.kind.parentName] = t.at.parent
	}
	switch t.kind.name {
	case publicIP:
		if address, ok := orchestrator.Lookup(found, "properties", "ipAddress"); ok {
			set["public_ip_address"] = address
		}
	case managedCluster:
		if host, ok := orchestrator.Lookup(found, "properties", "fqdn"); ok {
			set["endpoint"] = "https://" + asText(host) + ":443"
		}
	}
	return set
}

func viewOf(found document) document {
	view, _ := provider.SnakeKeys(found, userMaps...).(document)
	inner, _ := view["properties"].(document)
	for key, value := range inner {
		if _, taken := view[key]; !taken {
			view[key] = value
		}
	}
	return view
}
