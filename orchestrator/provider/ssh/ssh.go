package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// PackageName is the plugin package that this provider serves.
const PackageName = "cloudify-fabric-plugin"

// Options make a Provider.
type Options struct {
	// Dial reaches real machines; nil uses the network.
	Dial DialFunc
	// Rehearsal reaches the machines of the rehearsal; nil refuses them.
	Rehearsal DialFunc
}

// Provider runs scripts over SSH.
type Provider struct {
	real, rehearsal *pool
}

// New returns a provider. Close it when nothing runs any more.
func New(options Options) *Provider {
	if options.Dial == nil {
		options.Dial = (&net.Dialer{KeepAlive: 15 * time.Second}).DialContext
	}
	p := &Provider{real: newPool(options.Dial)}
	if options.Rehearsal != nil {
		p.rehearsal = newPool(options.Rehearsal)
	}
	return p
}

// Close ends all connections. Scripts on the machines go on and are found again.
func (p *Provider) Close() {
	p.real.close()
	if p.rehearsal != nil {
		p.rehearsal.close()
	}
}

// Check implements provider.Checker.
func (p *Provider) Check(_ *orchestrator.Node, operation orchestrator.Operation, rehearsal bool) error {
	switch name := provider.LastSegment(operation.Function); name {
	case "run_script", "run_commands":
	default:
		return unknownFunction(name)
	}
	if rehearsal && p.rehearsal == nil {
		return orchestrator.Errorf(orchestrator.Invalid, "this server has no rehearsal machines")
	}
	return nil
}

// Run implements provider.Provider.
func (p *Provider) Run(ctx context.Context, call *provider.Call) (provider.Result, error) {
	machines := p.real
	if call.Rehearsal {
		machines = p.rehearsal
	}
	if machines == nil {
		return provider.Result{}, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "this server has no rehearsal machines"))
	}
	j, err := readJob(call)
	if err != nil {
		return provider.Result{}, err
	}
	for _, name := range j.skipped {
		call.Log.Log(provider.Warning, fmt.Sprintf("the input %q is not passed to the script: no environment variable can have that name", name))
	}
	r := newRun(machines, call, j)
	result, err := r.untilEnd(ctx)
	if ctx.Err() != nil && err != nil && !provider.IsFatal(err) {
		return provider.Result{}, ctx.Err()
	}
	return result, err
}

// readable turns a failure to reach the machine into a retryable error with a
// sentence, and a changed host key into a hopeless one.
func readable(j *job, err error) error {
	if changed, ok := errors.AsType[*changedKeyError](err); ok {
		return provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "%v", changed))
	}
	if provider.IsFatal(err) {
		return err
	}
	return orchestrator.Errorf(orchestrator.Unavailable,
		"the machine at %s does not take SSH connections as %s yet", j.target.address(), j.target.user).Wrap(err)
}
