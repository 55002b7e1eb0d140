// Package component carries out the operations of ServiceComponent, Component
// and SharedResource: nodes that stand for another deployment. The outside
// world of this provider is Slipway itself, reached through Components, which
// package control satisfies: every change is decided there, in one transaction
// opened with the parent's fence. It knows nothing of databases or queues.
//
// Behaviour: node-types 2.2 and 2.3, with the differences that the child's end
// wakes the parent instead of a poll, that a child which is absent at stop
// counts as stopped, and that an external deployment is held in place like a
// shared one.
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

const (
	componentType = "cloudify.nodes.Component"
	sharedType    = "cloudify.nodes.SharedResource"
)

// awayPause is how long a step waits that could not be decided for want of a
// database. That is no failure of the component, so it uses up no retry.
const awayPause = 5 * time.Second

// Provider serves component nodes.
type Provider struct{ components Components }

// New returns a provider that asks components.
func New(components Components) *Provider { return &Provider{components: components} }

// Check implements provider.Checker. What every component declares and no
// workflow here asks for (heal, update, check_drift, check_status) is let pass.
func (p *Provider) Check(node *orchestrator.Node, operation orchestrator.Operation, _ bool) error {
	switch {
	case strings.HasSuffix(operation.Function, ".execute_workflow"):
		return orchestrator.Errorf(orchestrator.Invalid, "relationships that run a workflow of a shared deployment are not served; use cloudify.relationships.depends_on and run it there yourself")
	case !node.Is(componentType) && !node.Is(sharedType):
		return orchestrator.Errorf(orchestrator.Invalid, "nodes of type %s are not served; of this plugin there are ServiceComponent, Component and SharedResource", node.Type)
	case provider.LastSegment(operation.Name) == "create":
		return unserved(node.Properties)
	}
	return nil
}

// unserved refuses settings that would be ignored.
func unserved(properties map[string]orchestrator.Value) error {
	if isGiven(properties["client"]) {
		return orchestrator.Errorf(orchestrator.Invalid, "the property client names another server; components live on this one: leave it out").On("client")
	}
	if isGiven(properties["secrets"]) {
		return orchestrator.Errorf(orchestrator.Invalid, "components create no secrets; create them on the Secrets page or with: slipway secrets create, and leave the property secrets out").On("secrets")
	}
	return nil
}

// isGiven reports whether a map says anything.
func isGiven(v orchestrator.Value) bool {
	switch v := orchestrator.Reveal(v).(type) {
	case nil:
		return false
	case map[string]orchestrator.Value:
		for _, inner := range v {
			if isGiven(inner) {
				return true
			}
		}
		return false
	default:
		return v != ""
	}
}

// Run implements provider.Provider.
func (p *Provider) Run(ctx context.Context, call *provider.Call) (provider.Result, error) {
	result, err := p.run(ctx, call)
	if refused, ok := errors.AsType[*orchestrator.Error](err); ok && refused.Reason == orchestrator.DatabaseAway {
		return provider.Result{Again: &provider.Again{After: awayPause, Reason: refused.Message}}, nil
	}
	if err != nil {
		return provider.Result{}, classify(err)
	}
	return result, nil
}

func (p *Provider) run(ctx context.Context, call *provider.Call) (provider.Result, error) {
	if call.Self == nil {
		return provider.Result{}, refuse("", "%s is not served for relationships", call.Function)
	}
	isComponent := call.Self.Is(componentType)
	switch name := provider.LastSegment(call.Function); {
	case name == "refresh":
		return p.refresh(ctx, call)
	case isComponent && name == "upload_blueprint":
		return p.uploadBlueprint(ctx, call)
	case isComponent && name == "create":
		return p.createDeployment(ctx, call)
	case isComponent && name == "execute_start":
		return p.execute(ctx, call)
	case isComponent && name == "delete":
		return p.deleteDeployment(ctx, call)
	case name == "connect_deployment":
		return p.connect(ctx, call)
	case name == "disconnect_deployment":
		return p.disconnect(ctx, call)
	}
	return provider.Result{}, refuse("", "%s is not served for nodes of type %s", call.Function, call.Self.Type)
}

// uploadBlueprint makes sure that the child's blueprint is there: an existing
// one is reused, external or not.
func (p *Provider) uploadBlueprint(ctx context.Context, call *provider.Call) (provider.Result, error) {
	if err := unserved(call.Self.Properties); err != nil {
		return provider.Result{}, err
	}
	id, err := idOf(call, "blueprint.id", setting(call, "blueprint", "id"))
	if err != nil {
		return provider.Result{}, err
	}
	exists, err := p.components.BlueprintExists(ctx, parentOf(call), id)
	if err != nil {
		return provider.Result{}, err
	}
	record := map[string]orchestrator.Value{"id": id}
	set := map[string]orchestrator.Value{"blueprint": record}
	if exists {
		if isUploaded(call) { // by an earlier try of this one
			record["uploaded"] = true
		}
		return provider.Result{Set: set}, nil
	}
	files, main, err := ownFiles(call, id)
	if err != nil {
		return provider.Result{}, err
	}
	// Noted before it is done, so that delete takes it away whatever happens.
	record["uploaded"] = true
	if err := call.Journal.Set(ctx, set); err != nil {
		return provider.Result{}, fmt.Errorf("note the upload of %s: %w", id, err)
	}
	return provider.Result{Set: set}, p.components.UploadBlueprint(ctx, parentOf(call), id, main, files)
}

func isUploaded(call *provider.Call) bool {
	uploaded, _ := orchestrator.Lookup(call.Self.Runtime, "blueprint", "uploaded")
	return provider.IsTrue(uploaded)
}

// ownFiles is the part of the parent's own archive that the child's blueprint
// is made of.
func ownFiles(call *provider.Call, id string) (files fs.FS, main string, err error) {
	const field = "resource_config.blueprint"
	archive := provider.Text(setting(call, "blueprint", "blueprint_archive"))
	switch {
	case provider.IsTrue(setting(call, "blueprint", "external_resource")):
		return nil, "", refuse(field, "blueprint %q does not exist, and the node says external_resource: true; upload it or correct eaas_params", id)
	case archive == "":
		return nil, "", refuse(field, "blueprint %q does not exist, and the node names no blueprint_archive; upload it or correct the id", id)
	case strings.Contains(archive, "://"):
		return nil, "", refuse(field, "blueprint %q: archives by URL are not fetched; upload %s yourself under that id", id, archive)
	}
	if files, err = fs.Sub(call.Files, strings.Trim(archive, "/")); err != nil {
		return nil, "", refuse(field, "blueprint_archive %q is not a folder of the blueprint", archive)
	}
	if main = provider.Text(setting(call, "blueprint", "main_file_name")); main == "" {
		main = "blueprint.yaml"
	}
	return files, main, nil
}

func (p *Provider) createDeployment(ctx context.Context, call *provider.Call) (provider.Result, error) {
	// What an earlier try recorded may have a suffix already.
	id, err := idOf(call, "deployment.id", written(call, "deployment", "id"))
	if err != nil {
		return provider.Result{}, err
	}
	if provider.IsTrue(setting(call, "deployment", "external_resource")) {
		// Neither created nor deleted; it only has to exist, which reading its
		// capabilities shows.
		_, err := p.components.Capabilities(ctx, parentOf(call), id)
		return deploymentRecord(id, true), err
	}
	blueprint, err := idOf(call, "blueprint.id", setting(call, "blueprint", "id"))
	if err != nil {
		return provider.Result{}, err
	}
	inputs, err := inputsOf(setting(call, "deployment", "inputs"))
	if err != nil {
		return provider.Result{}, err
	}
	labels, err := labelsOf(setting(call, "deployment", "labels"))
	if err != nil {
		return provider.Result{}, err
	}
	created, err := p.components.Create(ctx, parentOf(call), Spec{
		ID: id, BlueprintID: blueprint, Inputs: inputs, Labels: labels,
		Suffix: provider.IsTrue(setting(call, "deployment", "auto_inc_suffix")),
	})
	return deploymentRecord(created, false), err
}

func deploymentRecord(id string, external bool) provider.Result {
	record := map[string]orchestrator.Value{"id": id}
	if external {
		record["external_resource"] = true
	}
	return provider.Result{Set: map[string]orchestrator.Value{"deployment": record}}
}

// execute starts a workflow of the child, waits for its end and copies the
// capabilities, as a snapshot, to the runtime property of that name.
func (p *Provider) execute(ctx context.Context, call *provider.Call) (provider.Result, error) {
	workflow := workflowOf(call)
	id, err := deploymentID(call)
	if err != nil {
		return provider.Result{}, err
	}
	if call.Child != nil {
		return p.finish(ctx, call, workflow, id)
	}
	if workflow == "uninstall" && isExternal(call) {
		return provider.Result{Value: "external deployment left alone"}, nil
	}
	start := Start{DeploymentID: id, Workflow: workflow, Generation: call.Attempt, OwnLog: hasOwnLog(call)}
	if call.Execution.Workflow == workflow {
		start.Parameters = call.Execution.Parameters
	}
	child, err := p.components.Start(ctx, parentOf(call), start)
	if err != nil {
		return provider.Result{}, err
	}
	if child == "" {
		return p.snapshot(ctx, call, workflow, id)
	}
	return provider.Result{Wait: &provider.Wait{
		ExecutionID: child, Limit: limitOf(call),
		Reason: fmt.Sprintf("waits for %s of %s", workflow, id),
	}}, nil
}

func (p *Provider) finish(ctx context.Context, call *provider.Call, workflow, id string) (provider.Result, error) {
	switch call.Child.Status {
	case orchestrator.Terminated:
		return p.snapshot(ctx, call, workflow, id)
	case orchestrator.Cancelled:
		return provider.Result{}, provider.Fatal(fmt.Errorf("%s of %s was cancelled", workflow, id))
	default:
		return provider.Result{}, provider.Fatal(fmt.Errorf("%s of %s failed: %s", workflow, id, call.Child.Error))
	}
}

func (p *Provider) snapshot(ctx context.Context, call *provider.Call, workflow, id string) (provider.Result, error) {
	if workflow == "uninstall" {
		return provider.Result{Drop: []string{"capabilities"}}, nil
	}
	read := p.components.Capabilities
	if isExternal(call) {
		read = p.components.Connect
	}
	capabilities, err := read(ctx, parentOf(call), id)
	return provider.Result{Set: map[string]orchestrator.Value{"capabilities": asMap(capabilities)}}, err
}

// refresh reads the capabilities again.
func (p *Provider) refresh(ctx context.Context, call *provider.Call) (provider.Result, error) {
	id, err := deploymentID(call)
	if err != nil {
		return provider.Result{}, err
	}
	capabilities, err := p.components.Capabilities(ctx, parentOf(call), id)
	return provider.Result{Set: map[string]orchestrator.Value{"capabilities": asMap(capabilities)}}, err
}

// deleteDeployment takes away what create and configure made, the deployment
// first.
func (p *Provider) deleteDeployment(ctx context.Context, call *provider.Call) (provider.Result, error) {
	gone := provider.Result{DropAll: true}
	recorded, has := orchestrator.Lookup(call.Self.Runtime, "deployment", "id")
	switch {
	case isExternal(call):
		if err := p.components.Disconnect(ctx, parentOf(call)); err != nil {
			return provider.Result{}, err
		}
	case has:
		if err := p.components.Delete(ctx, parentOf(call), fmt.Sprint(recorded)); err != nil {
			return provider.Result{}, err
		}
	}
	if !isUploaded(call) {
		return gone, nil
	}
	id, _ := orchestrator.Lookup(call.Self.Runtime, "blueprint", "id")
	err := p.components.DeleteBlueprint(ctx, parentOf(call), fmt.Sprint(id))
	switch orchestrator.ErrorCode(err) {
	case orchestrator.Conflict, orchestrator.Forbidden: // others use it, or have it
		call.Log.Log(provider.Warning, fmt.Sprintf("blueprint %v stays: %s", id, orchestrator.ErrorMessage(err)))
		return gone, nil
	case orchestrator.NotFound:
		return gone, nil
	}
	return gone, err
}

func asMap(m map[string]orchestrator.Value) orchestrator.Value {
	if m == nil {
		return map[string]orchestrator.Value{}
	}
	return m
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
