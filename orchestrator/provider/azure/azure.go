// Package azure is the provider of Azure resources. It knows ARM: a resource has
// an id made of names, is made by one PUT, and tells by its provisioning state
// how far it is. A node type is a row of data (kinds.go): its ARM type, API
// version, parent, and which keys a blueprint may set; only addresses, machines,
// clusters' kubeconfigs and templates need code of their own. It refuses to
// know any service's own SDK, and it never blocks: what takes time is answered
// "ask again", with the operation's resume token in the runtime properties.
//
// Every create is named: a PUT that is repeated meets the first. Before the
// first PUT the instance's runtime properties say what will be sent; what they
// do not name was never sent, and is never deleted.
package azure

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

// PackageName is the plugin package that this provider serves.
const PackageName = "cloudify-azure-plugin"

// Options are what a Provider is made of.
type Options struct {
	// Rehearsal reaches the rehearsal's ARM and its sign-in. Nil: rehearsed
	// calls are refused.
	Rehearsal http.RoundTripper
	// Scale shortens waits in a rehearsal; nil keeps them.
	Scale func(time.Duration) time.Duration
	// EndpointHosts are the hosts that a blueprint may name as endpoints.
	EndpointHosts []string
	// ResourceManager and Authority are the server's own endpoints
	// (AZURE_RESOURCE_MANAGER_ENDPOINT, AZURE_AUTHORITY_HOST); empty: Azure's.
	ResourceManager, Authority string
}

// Provider carries out the operations of Azure node types.
type Provider struct {
	options Options
	clients *clients
	turns   *turns
}

// New returns a Provider.
func New(options Options) *Provider {
	return &Provider{options: options, clients: newClients(options), turns: newTurns()}
}

// operations are the last words of the functions that Run knows.
var operations = []string{
	"create", "configure", "start", "stop", "delete", "pull", "store_kubeconfig", "attach_ip_configuration", "detach_ip_configuration",
}

// Check implements provider.Checker: the type has a row, and the operation is
// one that Run carries out.
func (p *Provider) Check(node *orchestrator.Node, operation orchestrator.Operation, rehearsal bool) error {
	if rehearsal && p.options.Rehearsal == nil {
		return orchestrator.Errorf(orchestrator.Invalid, "this server has no rehearsal of Azure")
	}
	if !slices.Contains(operations, provider.LastSegment(operation.Function)) {
		return unknownOperation(operation.Function, node.Type)
	}
	self := &provider.Instance{NodeID: node.ID, Type: node.Type, TypeHierarchy: node.TypeHierarchy}
	if isTemplate(self) || isKind(self, ipConfiguration) || strings.HasSuffix(operation.Function, "ip_configuration") {
		return nil
	}
	_, err := kindOf(self)
	return err
}

func unknownOperation(function, typeName string) error {
	return orchestrator.Errorf(orchestrator.Invalid, "Slipway has no Azure operation %q for type %s", function, typeName)
}

// Run carries out one operation.
func (p *Provider) Run(ctx context.Context, call *provider.Call) (provider.Result, error) {
	operation := provider.LastSegment(call.Function)
	if call.Self == nil {
		return relate(ctx, call, operation)
	}
	if isTemplate(call.Self) {
		return p.runTemplate(ctx, call, operation)
	}
	k, err := kindOf(call.Self)
	if err != nil {
		return provider.Result{}, provider.Fatal(err)
	}
	switch {
	case operation == k.makes:
		return p.run(ctx, call, k, resource.Create)
	case operation == "delete":
		return p.run(ctx, call, k, resource.Delete)
	case operation == "start" && k.addressed:
		return p.readAddresses(ctx, call, k)
	case operation == "start" || operation == "pull":
		return p.run(ctx, call, k, resource.Check)
	case operation == "store_kubeconfig" && k.name == managedCluster:
		return p.storeKubeconfig(ctx, call, k)
	case operation == "create":
		return fixName(ctx, call, k)
	case operation == "configure" || operation == "stop":
		return provider.Result{}, nil // made at create, and left running at stop
	}
	return provider.Result{}, provider.Fatal(unknownOperation(call.Function, call.Self.Type))
}

// run carries out a verb on the resource of a row.
func (p *Provider) run(ctx context.Context, call *provider.Call, k kind, verb resource.Verb) (provider.Result, error) {
	if verb == resource.Delete && sent(call) == "" {
		return unsent(call), nil
	}
	t, err := p.prepare(call, k, verb)
	if err != nil {
		return provider.Result{}, err
	}
	return p.adapt(ctx, call, t, verb)
}

// prepare works out which resource the call is about, and what it is to be.
func (p *Provider) prepare(call *provider.Call, k kind, verb resource.Verb) (*thing, error) {
	client, err := p.clients.open(call)
	if err != nil {
		return nil, err
	}
	at, err := locate(call, k, client.subscription)
	if err != nil {
		return nil, provider.Fatal(err)
	}
	t := &thing{client: client, kind: k, at: at, version: versionOf(call, k)}
	if verb != resource.Create {
		return t, nil
	}
	var dropped []string
	if t.body, dropped, err = bodyOf(call, k); err != nil {
		return nil, provider.Fatal(err)
	}
	if call.Polls == 0 && call.Attempt == 0 {
		for _, key := range dropped {
			call.Log.Log(provider.Warning, fmt.Sprintf("resource_config.%s is no property of %s; it is left out", key, k.arm))
		}
	}
	return t, nil
}

// adapt runs the verb, one change at a time for what Azure locks as a whole.
func (p *Provider) adapt(ctx context.Context, call *provider.Call, t *thing, verb resource.Verb) (provider.Result, error) {
	changes := verb == resource.Create || verb == resource.Delete
	if changes && t.at.lock != "" {
		if busy := p.turns.take(t.at.lock, call.Self.ID, call.Now); busy != "" {
			return provider.Result{Again: &provider.Again{After: turnEvery, Reason: "waiting until " + busy + " is done with the same parent"}}, nil
		}
	}
	result, err := resource.Adapt(t, p.handling(call, t, verb)).Run(ctx, call, verb)
	if result.Again != nil {
		result.Again.After = max(result.Again.After, t.patience)
		return result, nil
	}
	if changes && t.at.lock != "" {
		p.turns.leave(t.at.lock, call.Self.ID)
	}
	if err != nil || verb == resource.Delete {
		return result, err
	}
	for _, key := range []string{operationKey, deletionKey} {
		delete(result.Set, key)
		result.Drop = append(result.Drop, key)
	}
	return result, nil
}

// handling says how the resource is treated.
func (p *Provider) handling(call *provider.Call, t *thing, verb resource.Verb) resource.Options {
	options := resource.NamedOptions(call.Self, verb, sent(call) != "")
	options.Poll, options.Limit = t.kind.poll, t.limit
	if call.Rehearsal {
		options.Scale = p.options.Scale
	}
	return options
}

// The runtime properties that are ours; the others are the blueprint's to read.
const (
	sentKey      = "slipway_created"   // id of what this instance asked Azure to make
	operationKey = "slipway_operation" // resume token of the change under way
	deletionKey  = "slipway_deletion"  // resume token of the deletion under way
)

// sent returns the id that this instance asked Azure to make, or "".
func sent(call *provider.Call) string {
	id, _ := call.Self.Runtime[sentKey].(string)
	return id
}

// unsent ends a delete of what was never made here. An external resource's
// properties stay, as they did in the original.
func unsent(call *provider.Call) provider.Result {
	if provider.IsTrue(call.Self.Properties["use_external_resource"]) {
		return provider.Result{}
	}
	return provider.Result{DropAll: true}
}

// fixName settles the name of what a later operation makes.
func fixName(_ context.Context, call *provider.Call, k kind) (provider.Result, error) {
	set := map[string]orchestrator.Value{"name": nameOf(call, k)}
	if group := groupOf(call.Self); group != "" {
		set["resource_group"] = group
	}
	return provider.Result{Set: set}, nil
}
