// Package aws carries out operations on Amazon EC2 networks and machines with
// aws-sdk-go-v2. It knows, per node type, which requests make, show, connect and
// remove a thing, and how the DSL's parameters become the SDK's inputs. It does
// not know how operations follow each other, when to retry, or whether the far
// end is Amazon or a rehearsal: a middleware decides that inside the SDK's own
// pipeline, so that retries, signing and throttling are the real ones.
package aws

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/smithy-go/middleware"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

// PackageName is the plugin package that this provider serves.
const PackageName = "cloudify-aws-plugin"

// Options are what the provider needs from outside.
type Options struct {
	// Rehearsal installs the rehearsal far end in an operation's pipeline; nil
	// means that this server rehearses nothing.
	Rehearsal func(*middleware.Stack) error
	// Scale shortens real-cloud durations for rehearsed calls (the SDK's
	// back-off, the time of doubt); nil keeps them.
	Scale func(time.Duration) time.Duration
	// EndpointHosts are the hosts that client_config.endpoint_url may name.
	EndpointHosts []string
}

// Provider carries out operations on AWS.
type Provider struct {
	options Options
	kinds   map[string]kind
	// clients remembers one for each account and region: every client of the SDK
	// has connections of its own.
	clients provider.Memo[*client]
}

// New makes the provider.
func New(options Options) *Provider {
	if options.Scale == nil {
		options.Scale = func(d time.Duration) time.Duration { return d }
	}
	return &Provider{options: options, kinds: kinds()}
}

// Run carries out one operation.
func (p *Provider) Run(ctx context.Context, call *provider.Call) (provider.Result, error) {
	if call.Self == nil {
		return provider.Result{}, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid,
			"the AWS provider has no relationship operations; %s maps to %s", call.Operation, call.Function))
	}
	kind, act, err := p.find(call.Self.Type, call.Self.TypeHierarchy, call.Function)
	if err != nil {
		return provider.Result{}, provider.Fatal(err)
	}
	result, err := p.run(ctx, withInputs(call), kind, act)
	if err != nil && ctx.Err() != nil {
		return provider.Result{}, ctx.Err()
	}
	return result, classify(err)
}

// Check says at check time why an operation could not run.
func (p *Provider) Check(node *orchestrator.Node, operation orchestrator.Operation, rehearsal bool) error {
	if rehearsal && p.options.Rehearsal == nil {
		return errNoRehearsal
	}
	_, _, err := p.find(node.Type, node.TypeHierarchy, operation.Function)
	return err
}

var errNoRehearsal = orchestrator.Errorf(orchestrator.Invalid,
	"this server has rehearsal clouds switched off; use real credentials, or start it with SLIPWAY_REHEARSAL=auto")

// find returns the row of the most derived type that has one, and what the
// implementation's last segment means for it.
func (p *Provider) find(typeName string, hierarchy []string, function string) (kind, act, error) {
	segment := provider.LastSegment(function)
	for i := len(hierarchy) - 1; i >= 0; i-- {
		kind, ok := p.kinds[hierarchy[i]]
		if !ok {
			continue
		}
		act, ok := kind.acts[segment]
		if !ok {
			return kind, act, orchestrator.Errorf(orchestrator.Invalid, "type %s has no operation %q here; it has %s",
				hierarchy[i], segment, strings.Join(orchestrator.SortedKeys(kind.acts), ", "))
		}
		return kind, act, nil
	}
	return kind{}, act{}, orchestrator.Errorf(orchestrator.Invalid, "this server does not provide the AWS type %s; it provides %s",
		typeName, strings.Join(orchestrator.SortedKeys(p.kinds), ", "))
}

func (p *Provider) run(ctx context.Context, call *provider.Call, kind kind, act act) (provider.Result, error) {
	if call.Rehearsal && p.options.Rehearsal == nil {
		return provider.Result{}, provider.Fatal(errNoRehearsal)
	}
	external := isExternal(call)
	if act.prepare {
		return prepare(call, external)
	}
	if act.idle != nil && !external {
		if reason := act.idle(call); reason != "" {
			call.Log.Log(provider.Debug, reason)
			return provider.Result{}, nil
		}
	}
	api, err := p.connect(ctx, call)
	if err != nil {
		return provider.Result{}, err
	}
	on, verb := act.on, act.verb
	if external && verb != resource.Delete {
		// Whatever an operation would do, of somebody else's resource only its
		// existence is looked at.
		on, verb = kind.thing, resource.Check
	}
	options := resource.Options{Class: act.class, IDKey: act.idKey, External: external, Drop: act.drop}
	if call.Rehearsal {
		options.Scale = p.options.Scale
	}
	result, err := resource.Adapt(on(api), options).Run(fenced(ctx, call.Journal), call, verb)
	if err != nil {
		return provider.Result{}, fmt.Errorf("%s of %s: %w", act.name, call.Self.ID, err)
	}
	return result, nil
}

// prepare only writes down what will be asked for; nothing is sent.
func prepare(call *provider.Call, external bool) (provider.Result, error) {
	set := map[string]orchestrator.Value{configKey: parameters(call)}
	if id := provider.Text(call.Self.Properties[resourceIDProperty]); external && id != "" {
		set[idKey] = id
	}
	return provider.Result{Set: set}, nil
}
