// Package component carries out the operations of ServiceComponent, Component
// and SharedResource: nodes that stand for another deployment. The outside
// world of this provider is Slipway itself, reached through Components, which
// package control satisfies: every change is decided there, in one transaction
// opened with the parent's fence. It knows nothing of databases or queues.
//
// Behaviour: node-types 2.2 and 2.3, with the differences that the child's end
// wakes the parent instead of a poll, and that a child which is absent at stop
// counts as stopped.
package component

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// PackageName is the plugin package that this provider serves.
const PackageName = "cfy_extensions"

// installLimit is how long a parent waits for a child's workflow; the child
// goes on when it is over, and the step's error says so.
const installLimit = 1800 * time.Second

// Parent says on whose behalf a request is made: control fences each
// transaction by the execution's epoch.
type Parent struct {
	Team          string
	DeploymentUID string
	InstanceID    string
	ExecutionID   string
	StepID        string
	Epoch         int64
	Rehearsal     bool
}

// Spec describes the child deployment to create.
type Spec struct {
	ID          string
	BlueprintID string
	Inputs      map[string]orchestrator.Value
	Labels      []orchestrator.Label
	Suffix      bool // append "-N" until the id is free
}

// Start describes the child execution to start. Asking again with the same
// Generation returns the execution that the first asking started.
type Start struct {
	DeploymentID string
	Workflow     string
	Generation   int
	// Parameters are the parent's own, handed on when the workflow is the same.
	Parameters map[string]orchestrator.Value
}

// Components is what control offers to nodes that stand for deployments. Errors
// are *orchestrator.Error; NotFound, Invalid, Conflict and Forbidden are final.
type Components interface {
	// BlueprintExists reports whether the team has a blueprint of that id.
	BlueprintExists(ctx context.Context, parent Parent, id string) (bool, error)
	// UploadBlueprint stores an archive out of the parent's own files.
	UploadBlueprint(ctx context.Context, parent Parent, id, mainFile string, files fs.FS) error
	DeleteBlueprint(ctx context.Context, parent Parent, id string) error
	// Create writes the child deployment, the parent's label, the dependency
	// component.<instance> and the runtime property deployment.id in one
	// transaction, and returns the id. Asking again returns the same child.
	Create(ctx context.Context, parent Parent, spec Spec) (string, error)
	// Start returns the child execution; an empty id says that there is nothing
	// to do (installed already, uninstalled already, or no such deployment when
	// the workflow is uninstall).
	Start(ctx context.Context, parent Parent, start Start) (string, error)
	// Capabilities evaluates what a deployment offers, marks kept.
	Capabilities(ctx context.Context, parent Parent, deploymentID string) (map[string]orchestrator.Value, error)
	// Delete removes the child and its dependency; absent is done.
	Delete(ctx context.Context, parent Parent, deploymentID string) error
	// Connect records sharedresource.<instance> on an installed deployment and
	// returns its capabilities; Disconnect drops the record.
	Connect(ctx context.Context, parent Parent, deploymentID string) (map[string]orchestrator.Value, error)
	Disconnect(ctx context.Context, parent Parent) error
}

// Provider serves component nodes.
type Provider struct{ components Components }

// New returns a provider that asks components.
func New(components Components) *Provider { return &Provider{components: components} }

// Run implements provider.Provider.
func (p *Provider) Run(ctx context.Context, call *provider.Call) (provider.Result, error) {
	if call.Self == nil {
		return provider.Result{}, provider.Fatal(fmt.Errorf("%s has no relationship operations", call.Function))
	}
	run := p.componentOperation
	if call.Self.Is("cloudify.nodes.SharedResource") {
		run = p.sharedOperation
	}
	result, err := run(ctx, call, provider.LastSegment(call.Operation))
	return result, classify(err)
}

func (p *Provider) componentOperation(ctx context.Context, call *provider.Call, operation string) (provider.Result, error) {
	switch operation {
	case "create":
		return p.uploadBlueprint(ctx, call)
	case "configure":
		return p.createDeployment(ctx, call)
	case "start":
		return p.execute(ctx, call, "install")
	case "stop":
		return p.execute(ctx, call, "uninstall")
	case "delete":
		return p.deleteDeployment(ctx, call)
	case "refresh":
		capabilities, err := p.components.Capabilities(ctx, parentOf(call), deploymentID(call))
		return provider.Result{Set: map[string]orchestrator.Value{"capabilities": asMap(capabilities)}}, err
	}
	return provider.Result{}, unknownOperation(call)
}

func (p *Provider) sharedOperation(ctx context.Context, call *provider.Call, operation string) (provider.Result, error) {
	id := deploymentID(call)
	switch operation {
	case "create":
		capabilities, err := p.components.Connect(ctx, parentOf(call), id)
		return provider.Result{Set: map[string]orchestrator.Value{
			"deployment":   map[string]orchestrator.Value{"id": id},
			"capabilities": asMap(capabilities),
		}}, err
	case "delete":
		return provider.Result{DropAll: true}, p.components.Disconnect(ctx, parentOf(call))
	case "refresh":
		capabilities, err := p.components.Capabilities(ctx, parentOf(call), id)
		return provider.Result{Set: map[string]orchestrator.Value{"capabilities": asMap(capabilities)}}, err
	}
	return provider.Result{}, unknownOperation(call)
}

// uploadBlueprint makes sure that the child's blueprint is there: an existing
// one is reused, external or not.
func (p *Provider) uploadBlueprint(ctx context.Context, call *provider.Call) (provider.Result, error) {
	id := textOr(setting(call, "blueprint", "id"), call.Self.ID)
	parent := parentOf(call)
	exists, err := p.components.BlueprintExists(ctx, parent, id)
	if err != nil {
		return provider.Result{}, err
	}
	record := map[string]orchestrator.Value{"id": id}
	if !exists {
		if err := p.uploadFromFiles(ctx, call, id); err != nil {
			return provider.Result{}, err
		}
		record["uploaded"] = true
	}
	return provider.Result{Set: map[string]orchestrator.Value{"blueprint": record}}, nil
}

func (p *Provider) uploadFromFiles(ctx context.Context, call *provider.Call, id string) error {
	archive := textOr(setting(call, "blueprint", "blueprint_archive"), "")
	external, _ := setting(call, "blueprint", "external_resource").(bool)
	switch {
	case external:
		return provider.Fatal(fmt.Errorf("blueprint %q does not exist, and the node says external_resource: true; upload it or correct eaas_params", id))
	case archive == "":
		return provider.Fatal(fmt.Errorf("blueprint %q does not exist, and the node names no blueprint_archive; upload it or correct the id", id))
	case strings.Contains(archive, "://"):
		return provider.Fatal(fmt.Errorf("blueprint %q: archives by URL are not fetched; upload %s yourself under that id", id, archive))
	}
	files, err := fs.Sub(call.Files, strings.Trim(archive, "/"))
	if err != nil {
		return provider.Fatal(fmt.Errorf("blueprint_archive %q: %w", archive, err))
	}
	main := textOr(setting(call, "blueprint", "main_file_name"), "blueprint.yaml")
	return p.components.UploadBlueprint(ctx, parentOf(call), id, main, files)
}

func (p *Provider) createDeployment(ctx context.Context, call *provider.Call) (provider.Result, error) {
	id := textOr(setting(call, "deployment", "id"), call.Self.ID)
	if external, _ := setting(call, "deployment", "external_resource").(bool); external {
		// Neither created nor deleted; it only has to exist, which reading its
		// capabilities shows.
		_, err := p.components.Capabilities(ctx, parentOf(call), id)
		return deploymentRecord(id, true), err
	}
	inputs, _ := setting(call, "deployment", "inputs").(map[string]orchestrator.Value)
	labels, err := labelList(setting(call, "deployment", "labels"))
	if err != nil {
		return provider.Result{}, provider.Fatal(err)
	}
	suffix, _ := setting(call, "deployment", "auto_inc_suffix").(bool)
	created, err := p.components.Create(ctx, parentOf(call), Spec{
		ID: id, BlueprintID: textOr(setting(call, "blueprint", "id"), call.Self.ID),
		Inputs: inputs, Labels: labels, Suffix: suffix,
	})
	if err != nil {
		return provider.Result{}, err
	}
	return deploymentRecord(created, false), nil
}

func deploymentRecord(id string, external bool) provider.Result {
	record := map[string]orchestrator.Value{"id": id}
	if external {
		record["external_resource"] = true
	}
	return provider.Result{Set: map[string]orchestrator.Value{"deployment": record}}
}

// execute starts the child's workflow, waits for its end and copies the
// capabilities, as a snapshot, to the runtime property of that name.
func (p *Provider) execute(ctx context.Context, call *provider.Call, workflow string) (provider.Result, error) {
	id := deploymentID(call)
	parent := parentOf(call)
	if call.Child != nil {
		return p.finish(ctx, call, workflow, id)
	}
	if external, _ := orchestrator.Lookup(call.Self.Runtime, "deployment", "external_resource"); external == true && workflow == "uninstall" {
		return provider.Result{Value: "external deployment left alone"}, nil
	}
	start := Start{DeploymentID: id, Workflow: workflow, Generation: call.Attempt}
	if call.Execution.Workflow == workflow {
		start.Parameters = call.Execution.Parameters
	}
	child, err := p.components.Start(ctx, parent, start)
	if err != nil {
		return provider.Result{}, err
	}
	if child == "" {
		return p.snapshot(ctx, call, workflow, id)
	}
	return provider.Result{Wait: &provider.Wait{
		ExecutionID: child, Limit: installLimit,
		Reason: fmt.Sprintf("waits for %s of %s", workflow, id),
	}}, nil
}

func (p *Provider) finish(ctx context.Context, call *provider.Call, workflow, id string) (provider.Result, error) {
	switch call.Child.Status {
	case orchestrator.Terminated:
		return p.snapshot(ctx, call, workflow, id)
	case orchestrator.Cancelled:
		return provider.Result{}, provider.Fatal(fmt.Errorf("%s of %s was cancelled", workflow, id))
	case orchestrator.Failed:
		return provider.Result{}, provider.Fatal(fmt.Errorf("%s of %s failed: %s", workflow, id, call.Child.Error))
	default:
		return provider.Result{}, provider.Fatal(fmt.Errorf("%s of %s took longer than %s and still runs (execution %s); wait for it, then start this workflow again", workflow, id, installLimit, call.Child.ExecutionID))
	}
}

func (p *Provider) snapshot(ctx context.Context, call *provider.Call, workflow, id string) (provider.Result, error) {
	if workflow == "uninstall" {
		return provider.Result{Drop: []string{"capabilities"}}, nil
	}
	capabilities, err := p.components.Capabilities(ctx, parentOf(call), id)
	if err != nil {
		return provider.Result{}, err
	}
	return provider.Result{Set: map[string]orchestrator.Value{"capabilities": asMap(capabilities)}}, nil
}

func (p *Provider) deleteDeployment(ctx context.Context, call *provider.Call) (provider.Result, error) {
	parent := parentOf(call)
	gone := provider.Result{DropAll: true}
	recorded, has := orchestrator.Lookup(call.Self.Runtime, "deployment", "id")
	if external, _ := orchestrator.Lookup(call.Self.Runtime, "deployment", "external_resource"); has && external != true {
		if err := p.components.Delete(ctx, parent, fmt.Sprint(recorded)); err != nil {
			return provider.Result{}, err
		}
	}
	if uploaded, _ := orchestrator.Lookup(call.Self.Runtime, "blueprint", "uploaded"); uploaded == true {
		id, _ := orchestrator.Lookup(call.Self.Runtime, "blueprint", "id")
		err := p.components.DeleteBlueprint(ctx, parent, fmt.Sprint(id))
		if code := orchestrator.ErrorCode(err); code == orchestrator.Conflict {
			call.Log.Log(provider.Warning, fmt.Sprintf("blueprint %v stays: %s", id, orchestrator.ErrorMessage(err)))
		} else if err != nil && code != orchestrator.NotFound {
			return provider.Result{}, err
		}
	}
	return gone, nil
}

// setting looks a value of resource_config up: operation input, then runtime
// property, then node property.
func setting(call *provider.Call, path ...orchestrator.Value) orchestrator.Value {
	full := append([]orchestrator.Value{"resource_config"}, path...)
	if v, ok := orchestrator.Lookup(call.Inputs, full...); ok && v != nil {
		return v
	}
	if v, ok := orchestrator.Lookup(call.Self.Runtime, path...); ok && v != nil {
		return v
	}
	v, _ := orchestrator.Lookup(call.Self.Properties, full...)
	return v
}

// deploymentID prefers what configure recorded: a suffix may have been added.
func deploymentID(call *provider.Call) string {
	if id, ok := orchestrator.Lookup(call.Self.Runtime, "deployment", "id"); ok {
		return fmt.Sprint(id)
	}
	return textOr(setting(call, "deployment", "id"), call.Self.ID)
}

func parentOf(call *provider.Call) Parent {
	return Parent{
		Team: call.Team, DeploymentUID: call.Deployment.UID, InstanceID: call.Self.ID,
		ExecutionID: call.Execution.ID, StepID: call.StepID, Epoch: call.Execution.Epoch,
		Rehearsal: call.Rehearsal,
	}
}

func textOr(v orchestrator.Value, fallback string) string {
	if text, ok := v.(string); ok && text != "" {
		return text
	}
	return fallback
}

func labelList(v orchestrator.Value) ([]orchestrator.Label, error) {
	items, ok := v.([]orchestrator.Value)
	if v != nil && !ok {
		return nil, fmt.Errorf("deployment.labels must be a list of maps with one pair each")
	}
	var labels []orchestrator.Label
	for i, item := range items {
		pair, ok := item.(map[string]orchestrator.Value)
		if !ok || len(pair) != 1 {
			return nil, fmt.Errorf("deployment.labels[%d] must be a map with exactly one pair", i)
		}
		for key, value := range pair {
			labels = append(labels, orchestrator.Label{Key: key, Value: fmt.Sprint(value)})
		}
	}
	return labels, nil
}

func asMap(m map[string]orchestrator.Value) orchestrator.Value {
	if m == nil {
		return map[string]orchestrator.Value{}
	}
	return m
}

func unknownOperation(call *provider.Call) error {
	return provider.Fatal(fmt.Errorf("%s is not served for components", call.Operation))
}

// classify makes what control refuses for good fatal: asking 60 times more
// would not change the answer.
func classify(err error) error {
	var refused *orchestrator.Error
	if errors.As(err, &refused) {
		switch refused.Code {
		case orchestrator.Invalid, orchestrator.NotFound, orchestrator.Conflict, orchestrator.Forbidden:
			return provider.Fatal(err)
		}
	}
	return err
}
