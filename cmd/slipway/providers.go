package main

import (
	"os"
	"time"

	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/aws"
	"github.com/slipwayhq/slipway/orchestrator/provider/azure"
	"github.com/slipwayhq/slipway/orchestrator/provider/component"
	"github.com/slipwayhq/slipway/orchestrator/provider/kubernetes"
	"github.com/slipwayhq/slipway/orchestrator/provider/native"
	"github.com/slipwayhq/slipway/orchestrator/provider/ssh"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	rehearsedaws "github.com/slipwayhq/slipway/orchestrator/rehearsal/aws"
	rehearsedazure "github.com/slipwayhq/slipway/orchestrator/rehearsal/azure"
	rehearsedkubernetes "github.com/slipwayhq/slipway/orchestrator/rehearsal/kubernetes"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal/machine"
)

// providers lists every leaf, each with its real far end and the rehearsed one.
func (a *app) providers(c config, world *rehearsal.World) provider.Registry {
	machines := machine.New(world)
	a.onStop(machines.Close)
	shells := ssh.New(ssh.Options{Rehearsal: machines.DialContext})
	a.onStop(shells.Close)
	scale := func(d time.Duration) time.Duration { return world.Speed.Scale(d) }
	return provider.Registry{
		component.PackageName: component.New(a.control.Components()),
		native.PackageName:    native.New(),
		aws.PackageName: aws.New(aws.Options{
			Rehearsal: rehearsedaws.New(world).Install, Scale: scale, EndpointHosts: c.endpointHosts,
		}),
		azure.PackageName: azure.New(azure.Options{
			Rehearsal: rehearsal.InProcess(rehearsedazure.New(world)), Scale: scale, EndpointHosts: c.endpointHosts,
			ResourceManager: os.Getenv("AZURE_RESOURCE_MANAGER_ENDPOINT"), Authority: os.Getenv("AZURE_AUTHORITY_HOST"),
		}),
		kubernetes.PackageName: kubernetes.New(kubernetes.Options{
			Rehearsal: rehearsal.InProcess(rehearsedkubernetes.New(world)), Scale: scale,
		}),
		ssh.PackageName: shells,
	}
}
