package component

import (
	"context"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// connect reads an installed deployment and holds it in place.
func (p *Provider) connect(ctx context.Context, call *provider.Call) (provider.Result, error) {
	id := orchestrator.Reveal(setting(call, "deployment", "id"))
	if id == nil || id == "" {
		return provider.Result{}, refuse("resource_config.deployment.id", "resource_config.deployment.id is empty; give the id of the deployment to share")
	}
	known, err := deploymentID(call)
	if err != nil {
		return provider.Result{}, err
	}
	capabilities, err := p.components.Connect(ctx, parentOf(call), known)
	if err != nil {
		return provider.Result{}, err
	}
	return provider.Result{Set: map[string]orchestrator.Value{
		"deployment":   map[string]orchestrator.Value{"id": known},
		"capabilities": asMap(capabilities),
	}}, nil
}

func (p *Provider) disconnect(ctx context.Context, call *provider.Call) (provider.Result, error) {
	return provider.Result{DropAll: true}, p.components.Disconnect(ctx, parentOf(call))
}
