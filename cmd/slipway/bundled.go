package main

import (
	"github.com/slipwayhq/slipway/blueprints"
	"github.com/slipwayhq/slipway/cmd/slipway/cli"
	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/diag"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/aws"
	"github.com/slipwayhq/slipway/orchestrator/provider/azure"
	"github.com/slipwayhq/slipway/orchestrator/provider/component"
	"github.com/slipwayhq/slipway/orchestrator/provider/kubernetes"
	"github.com/slipwayhq/slipway/orchestrator/provider/native"
	"github.com/slipwayhq/slipway/orchestrator/provider/ssh"
)

// bundled hands the client what it needs to check blueprints without a server.
func bundled() cli.Bundled {
	return cli.Bundled{
		Types: blueprints.TypesFor, EveryType: blueprints.EveryType(), Plugins: blueprints.Packages(),
		Check: func(plan *orchestrator.Plan) diag.Diagnostics { return checkers().Check(plan) },
	}
}

// checkers lists every leaf without a far end: they say what they could carry
// out, and carry out nothing.
func checkers() provider.Registry {
	return provider.Registry{
		component.PackageName:  component.New(nil),
		native.PackageName:     native.New(),
		aws.PackageName:        aws.New(aws.Options{}),
		azure.PackageName:      azure.New(azure.Options{}),
		kubernetes.PackageName: kubernetes.New(kubernetes.Options{}),
		ssh.PackageName:        ssh.New(ssh.Options{}),
	}
}
