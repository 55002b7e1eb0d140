// Package kubernetes is the provider of objects on any Kubernetes cluster. It
// knows manifests, how to reach a cluster from what a blueprint says, whose an
// object is, and when one is ready; which kinds there are it learns from the
// cluster. It refuses to know how the cluster came to be, and it runs nothing
// that a kubeconfig names: no exec plugins, no files of the server.
//
// Objects are made by server-side apply, a named create: asking twice meets the
// first. An object that somebody else made is adopted only with use_if_exists
// and never changed or deleted.
package kubernetes

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

// PackageName is the plugin package that this provider serves.
const PackageName = "cloudify-kubernetes-plugin"

// Options are what a Provider is made of.
type Options struct {
	// Rehearsal reaches the clusters of the rehearsal. A client certificate goes
	// along as http.Request.TLS, since no handshake takes place. Nil: rehearsed
	// calls are refused.
	Rehearsal http.RoundTripper
	// Scale shortens waits in a rehearsal; nil keeps them.
	Scale func(time.Duration) time.Duration
}

// Provider carries out the operations of Kubernetes node types.
type Provider struct {
	options Options
	clients *clients
}

// New returns a Provider.
func New(options Options) *Provider {
	return &Provider{options: options, clients: newClients(options.Rehearsal)}
}

// Check implements provider.Checker. Which kinds a cluster has shows only once
// it is there.
func (p *Provider) Check(_ *orchestrator.Node, operation orchestrator.Operation, rehearsal bool) error {
	if rehearsal && p.options.Rehearsal == nil {
		return orchestrator.Errorf(orchestrator.Invalid, "this server has no rehearsal of Kubernetes")
	}
	if _, ok := verbOf(operation.Function); !ok {
		return unknownOperation(operation.Function)
	}
	return nil
}

func unknownOperation(function string) error {
	return orchestrator.Errorf(orchestrator.Invalid,
		"Slipway has no Kubernetes operation %q; it has resource_create, resource_read, resource_update, resource_delete and the same with file_", function)
}

// Run carries out one operation.
func (p *Provider) Run(ctx context.Context, call *provider.Call) (provider.Result, error) {
	verb, ok := verbOf(call.Function)
	if !ok {
		return provider.Result{}, provider.Fatal(unknownOperation(call.Function))
	}
	if call.Self == nil {
		return provider.Result{}, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "%s is not an operation of a relationship", call.Function))
	}
	if dry := option(call, "dry_run"); dry != nil && dry != "" && dry != false {
		return provider.Result{}, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "options.dry_run is not supported; rehearse the deployment instead"))
	}
	manifests, err := manifestsOf(call, verb)
	if err != nil {
		return provider.Result{}, provider.Fatal(err)
	}
	if verb == resource.Delete && len(created(call)) == 0 {
		return provider.Result{DropAll: true}, nil // nothing was ever sent
	}
	client, err := p.clients.open(call)
	if err != nil {
		return provider.Result{}, err
	}
	return p.runAll(ctx, call, verb, client, manifests)
}

// verbOf reads the function's last word: cloudify_kubernetes.tasks.resource_create.
func verbOf(function string) (resource.Verb, bool) {
	last := provider.LastSegment(function)
	switch strings.TrimPrefix(last, "file_") {
	case "resource_create":
		return resource.Create, true
	case "resource_read":
		return resource.Check, true
	case "resource_update":
		return resource.Update, true
	case "resource_delete":
		return resource.Delete, true
	}
	return 0, false
}

// runAll runs the verb on each manifest, backwards for a delete, and stops at
// the first that wants more time.
func (p *Provider) runAll(ctx context.Context, call *provider.Call, verb resource.Verb, client *client, manifests []manifest) (provider.Result, error) {
	views := make([]orchestrator.Value, len(manifests))
	for i := range manifests {
		at := i
		if verb == resource.Delete {
			at = len(manifests) - 1 - i
		}
		object := &object{client: client, manifest: manifests[at], validate: verb == resource.Check && provider.IsTrue(call.Self.Properties["validate_resource_status"])}
		result, err := resource.Adapt(object, p.handling(call, verb, object)).Run(ctx, call, verb)
		if err != nil {
			return provider.Result{}, err
		}
		if result.Again != nil {
			return provider.Result{Again: result.Again}, nil
		}
		views[at] = result.Set[viewKey]
		// The next object's create adds to what this one wrote down.
		call = resource.With(call, object.wrote)
	}
	if verb == resource.Delete {
		return provider.Result{DropAll: true}, nil
	}
	return provider.Result{Set: properties(manifests, views)}, nil
}

// pollEvery is the real-cloud time between two looks at an object.
const pollEvery = 5 * time.Second

// handling says how one object is treated.
func (p *Provider) handling(call *provider.Call, verb resource.Verb, o *object) resource.Options {
	options := resource.NamedOptions(call.Self, verb, isCreated(call, o.manifest))
	options.Poll = pollEvery
	if call.Rehearsal {
		options.Scale = p.options.Scale
	}
	return options
}

// The runtime properties of an instance.
const (
	viewKey        = "kubernetes"             // the live object, or file#index to object
	definitionsKey = "__resource_definitions" // the manifests
	createdKey     = "slipway_created"        // names of what this instance sent
)

// properties are what a finished operation leaves.
func properties(manifests []manifest, views []orchestrator.Value) map[string]orchestrator.Value {
	definitions := make([]orchestrator.Value, len(manifests))
	byFile := map[string]orchestrator.Value{}
	for i, m := range manifests {
		definitions[i] = m.shown()
		if m.file != "" {
			byFile[fmt.Sprintf("%s#%d", m.file, i)] = views[i]
		}
	}
	set := map[string]orchestrator.Value{definitionsKey: definitions}
	if len(byFile) > 0 {
		set[viewKey] = byFile
	} else {
		set[viewKey] = views[0]
	}
	return set
}

// created lists what this instance sent to a cluster; it is written down before
// the request, so what is not in it was never sent.
func created(call *provider.Call) []orchestrator.Value {
	list, _ := call.Self.Runtime[createdKey].([]orchestrator.Value)
	return list
}

func isCreated(call *provider.Call, m manifest) bool {
	for _, name := range created(call) {
		if name == m.String() {
			return true
		}
	}
	return false
}
