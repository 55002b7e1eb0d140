package azure

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

const (
	// deploymentPoll is the real-cloud time between two looks at a deployment.
	deploymentPoll = 15 * time.Second
	// deploymentLimit is how long a deployment may take unless told otherwise.
	deploymentLimit = 15 * time.Minute
)

// groupKey is the runtime property with the id of a resource group that the
// deployment's node made, and will delete.
const groupKey = "slipway_created_group"

// runTemplate carries out the operations of an ARM deployment. Its resources are
// deleted one by one, newest first, since deleting the deployment's record
// leaves them.
func (p *Provider) runTemplate(ctx context.Context, call *provider.Call, operation string) (provider.Result, error) {
	client, err := p.clients.open(call)
	if err != nil {
		return provider.Result{}, err
	}
	t, err := p.deployment(call, client)
	if err != nil {
		return provider.Result{}, provider.Fatal(err)
	}
	switch operation {
	case "create":
		return p.deploy(ctx, call, t)
	case "start", "pull":
		return p.pullTemplate(ctx, call, t)
	case "delete":
		return p.undeploy(ctx, call, t)
	case "configure", "stop":
		return provider.Result{}, nil
	}
	return provider.Result{}, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "Slipway has no operation %q for ARM deployments", call.Function))
}

// deployment works out what the call is about: the group is the one named, or
// one of the deployment's own name.
func (p *Provider) deployment(call *provider.Call, client *client) (*thing, error) {
	k := templateKind
	k.poll = deploymentPoll
	name := nameOf(call, k)
	if given := provider.Text(setting(call, "name")); given != "" {
		name = given
	}
	group := provider.Text(setting(call, "resource_group_name"))
	if group == "" {
		group = name
	}
	for _, part := range []string{name, group} {
		if err := checkName(part, "name", call.Self); err != nil {
			return nil, err
		}
	}
	id := "/subscriptions/" + client.subscription + "/resourceGroups/" + group + "/providers/" + k.arm + "/" + name
	t := &thing{client: client, kind: k, at: place{id: id, name: name, group: group}, version: versionOf(call, k), limit: deploymentLimit}
	if seconds, ok := orchestrator.Reveal(call.Inputs["timeout"]).(int64); ok && seconds > 0 {
		t.limit = time.Duration(seconds) * time.Second
	}
	return t, nil
}

func (p *Provider) deploy(ctx context.Context, call *provider.Call, t *thing) (provider.Result, error) {
	template, err := templateOf(call)
	if err != nil {
		return provider.Result{}, provider.Fatal(err)
	}
	t.body = deploymentBody(call, template)
	t.resubmit = provider.IsTrue(call.Self.Properties["use_if_exists"]) && !provider.IsTrue(call.Self.Properties["use_external_resource"])
	if again, err := p.ensureGroup(ctx, call, t); err != nil || again != nil {
		return provider.Result{Again: again}, err
	}
	result, err := p.adapt(ctx, call, t, resource.Create)
	if err != nil || result.Again != nil {
		return result, err
	}
	result.Set["template"] = shownTemplate(call, template)
	outputs, _ := orchestrator.Lookup(t.seen, "properties", "outputs")
	result.Set["outputs"] = markEchoes(outputs, secretsOf(call))
	return result, nil
}

// ensureGroup makes the resource group if there is none; one that is there is
// left as it is.
func (p *Provider) ensureGroup(ctx context.Context, call *provider.Call, t *thing) (*provider.Again, error) {
	row, _ := findKind(resourceGroup)
	id := "/subscriptions/" + t.client.subscription + "/resourceGroups/" + t.at.group
	group := &thing{client: t.client, kind: row, at: place{id: id, name: t.at.group, group: t.at.group}, version: row.version}
	_, exists, err := t.client.get(ctx, id, row.version)
	if err != nil || exists {
		return nil, err
	}
	location := provider.Text(setting(call, "location"))
	if location == "" {
		return nil, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "node %s has no location for its resource group", call.Self.NodeID))
	}
	group.body = document{"location": location, "tags": tagsOf(call, nil)}
	if err := call.Journal.Set(ctx, map[string]orchestrator.Value{groupKey: id}); err != nil {
		return nil, fmt.Errorf("record the resource group: %w", err)
	}
	err = fenced(ctx, call, func(ctx context.Context) error {
		_, err := t.client.begin(ctx, http.MethodPut, id, row.version, group.body)
		return err
	})
	return nil, explain("create resource group "+t.at.group, err)
}

// pullTemplate looks whether what the template made is still there.
func (p *Provider) pullTemplate(ctx context.Context, call *provider.Call, t *thing) (provider.Result, error) {
	result, err := p.adapt(ctx, call, t, resource.Check)
	if err != nil || result.Again != nil {
		return result, err
	}
	versions := versionsIn(recordedTemplate(call))
	made := idsOf(t.seen)
	present := []orchestrator.Value{}
	for _, id := range made {
		_, ok, err := t.client.get(ctx, id, versions[lowerType(id)])
		if err != nil {
			return provider.Result{}, err
		}
		if ok {
			present = append(present, document{"id": id})
		}
	}
	result.Set["state"], result.Set["is_drifted"] = present, len(present) < len(made)
	return result, nil
}

// undeploy deletes what the template made, newest first, then the deployment's
// record, then the group if the node made it.
func (p *Provider) undeploy(ctx context.Context, call *provider.Call, t *thing) (provider.Result, error) {
	if sent(call) == "" && provider.Text(call.Self.Runtime[groupKey]) == "" {
		return unsent(call), nil
	}
	switch phase, err := t.underWay(ctx, call); {
	case err != nil:
		return provider.Result{}, err
	case phase == resource.Deleting:
		return provider.Result{Again: &provider.Again{After: max(deploymentPoll, t.patience), Reason: "resources of " + t.at.name + " are being deleted"}}, nil
	case phase == resource.Pending:
		return provider.Result{Again: &provider.Again{After: max(deploymentPoll, t.patience), Reason: t.called() + " is still being made, and will be deleted then"}}, nil
	}
	made, err := t.made(ctx, call)
	if err != nil {
		return provider.Result{}, err
	}
	versions := versionsIn(recordedTemplate(call))
	if len(versions) == 0 {
		// The create never came to keep the template; the blueprint has it.
		if template, err := templateOf(call); err == nil {
			versions = versionsIn(template)
		}
	}
	// One that cannot go yet, because another uses it, does not hold up the rest:
	// Azure does not tell in which order they were made.
	var refused error
	for _, id := range slices.Backward(made) {
		part := &thing{client: t.client, kind: kind{arm: armType(id), poll: deploymentPoll}, at: place{id: id, name: lastOf(id)}, version: versions[lowerType(id)]}
		again, err := p.remove(ctx, call, part)
		if again != nil {
			return provider.Result{Again: again}, nil
		}
		if refused == nil {
			refused = err
		}
	}
	if refused != nil {
		return provider.Result{}, refused
	}
	if again, err := p.remove(ctx, call, t); err != nil || again != nil {
		return provider.Result{Again: again}, err
	}
	if id := provider.Text(call.Self.Runtime[groupKey]); id != "" {
		row, _ := findKind(resourceGroup)
		group := &thing{client: t.client, kind: row, at: place{id: id, name: lastOf(id)}, version: row.version}
		if again, err := p.remove(ctx, call, group); err != nil || again != nil {
			return provider.Result{Again: again}, err
		}
	}
	return provider.Result{DropAll: true}, nil
}

// remove deletes one resource; nil when it is gone.
func (p *Provider) remove(ctx context.Context, call *provider.Call, t *thing) (*provider.Again, error) {
	again := &provider.Again{After: t.kind.poll, Reason: t.called() + " is being deleted"}
	found, ok, err := t.client.get(ctx, t.at.id, t.version)
	if err != nil || !ok {
		return nil, err
	}
	if !t.removable(call, found) {
		call.Log.Log(provider.Warning, t.called()+" carries no ownership tag of this Slipway; it is left alone")
		return nil, nil
	}
	if state, _ := orchestrator.Lookup(found, "properties", "provisioningState"); state == "Deleting" {
		return again, nil
	}
	if err := t.Delete(ctx, call); err != nil {
		return nil, err
	}
	if _, ok, err = t.client.get(ctx, t.at.id, t.version); err != nil || !ok {
		return nil, err
	}
	return again, nil
}

// removable reports whether what is there is the template's work: a group only
// when it carries this very instance's tags, since all in it would go; what is
// tracked, by its location, when it carries this installation's. Children carry
// none.
func (t *thing) removable(call *provider.Call, found document) bool {
	if t.kind.name == resourceGroup {
		return t.ours(call, found)
	}
	tags, tagged := found["tags"].(document)
	return !tagged && found["location"] == nil || tags[provider.TagInstallation] == call.Installation
}

// made lists the ids of what the deployment made, oldest first: as recorded at
// create, else as ARM tells, also of a deployment that failed half-way.
func (t *thing) made(ctx context.Context, call *provider.Call) ([]string, error) {
	recorded, _ := orchestrator.Lookup(call.Self.Runtime["resource"], "properties", "output_resources")
	if ids := listOfIDs(recorded); len(ids) > 0 {
		return ids, nil
	}
	operations, _, err := t.client.list(ctx, t.at.id+"/operations", t.version)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, each := range operations {
		if id, ok := orchestrator.Lookup(each, "properties", "targetResource", "id"); ok && armType(asText(id)) != "" {
			ids = append(ids, asText(id))
		}
	}
	return ids, nil
}

func idsOf(deployment document) []string {
	list, _ := orchestrator.Lookup(deployment, "properties", "outputResources")
	return listOfIDs(list)
}

func listOfIDs(value orchestrator.Value) []string {
	var out []string
	list, _ := value.([]orchestrator.Value)
	for _, each := range list {
		if id, ok := orchestrator.Lookup(each, "id"); ok {
			out = append(out, asText(id))
		}
	}
	return out
}
