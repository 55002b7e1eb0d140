package azure

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// deploy carries out a template. ARM checks a template as a whole before it
// makes anything; so do we, in that all of it is one transaction. Each resource
// begins when those that it depends on are ready.
func (a *act) deploy() (answer, error) {
	before, exists, err := a.load(a.target)
	if err != nil {
		return answer{}, err
	}
	if err := a.checkPlace(a.world.Now()); err != nil {
		return answer{}, err
	}
	group, _, err := a.load(mustParse(a.target.group))
	if err != nil {
		return answer{}, err
	}
	properties, _ := a.body["properties"].(document)
	plan, err := readTemplate(properties, a.target.subscription, group.Resource)
	if err != nil {
		return answer{}, invalidTemplate(err)
	}
	wish := document{"template": properties["template"], "parameters": plan.shownParameters()}
	switch {
	case exists && before.state() != deleting && reflect.DeepEqual(before.Wish, wish):
		return changed(http.StatusOK, before), nil
	case exists && before.state() != succeeded:
		return answer{}, rehearsal.Refuse(http.StatusConflict, "DeploymentActive", "Unable to edit or replace deployment '%s': previous deployment is still active.", a.target.name)
	}
	made, readyAt, err := a.makeAll(plan)
	if err != nil {
		return answer{}, err
	}
	outputs, err := plan.outputs(made)
	if err != nil {
		return answer{}, invalidTemplate(err)
	}
	s := stored{CreatedAt: a.world.Now(), ReadyAt: readyAt, VisibleAt: a.visibleAt(), Wish: wish, Resource: document{
		"id": a.target.id, "name": a.target.name, "type": deploymentType, "tags": a.body["tags"],
		"properties": document{
			"mode": text(properties, "mode"), "parameters": plan.shownParameters(), "outputs": outputs, "outputResources": references(made),
			"provisioningState": succeeded, "timestamp": a.world.Now().UTC().Format(time.RFC3339),
		},
	}}
	if !a.world.Due(readyAt) {
		rehearsal.Part(s.Resource, "properties")["provisioningState"] = "Running"
	}
	a.Effective = true
	a.Deployment = text(s.Resource, "tags", rehearsal.TagDeployment)
	if err := a.save(a.target, s); err != nil {
		return answer{}, err
	}
	return changed(http.StatusCreated, s), nil
}

func invalidTemplate(err error) error {
	return badRequest("InvalidTemplate", "Deployment template validation failed: '%v'.", err)
}

// made is a resource that a template made.
type made struct {
	target target
	stored stored
}

func references(all []made) []any {
	out := []any{}
	for _, each := range all {
		out = append(out, document{"id": each.target.id})
	}
	return out
}

// makeAll makes a template's resources in the order of their dependencies and
// tells when the last is ready.
func (a *act) makeAll(plan *plan) (all []made, last time.Time, err error) {
	ready := map[string]time.Time{}
	last = a.world.Now()
	for _, wanted := range plan.resources {
		start := a.world.Now()
		for _, id := range wanted.after {
			if at, ok := ready[id]; ok && at.After(start) {
				start = at
			}
		}
		one, err := a.makeOne(wanted, start)
		if err != nil {
			return nil, last, err
		}
		all = append(all, one)
		ready[strings.ToLower(one.target.id)] = one.stored.ReadyAt
		if one.stored.ReadyAt.After(last) {
			last = one.stored.ReadyAt
		}
	}
	return all, last, nil
}

func (a *act) makeOne(wanted wanted, start time.Time) (made, error) {
	t, err := parse(a.target.group + "/providers/" + wanted.path)
	if err != nil {
		return made{}, err
	}
	inner := &act{Served: &rehearsal.Served{Tx: a.Tx, CallRecord: rehearsal.CallRecord{
		At: a.world.Now(), Cloud: cloudName, Call: "PUT " + t.row.name, ID: t.id,
	}}, world: a.world, target: t, body: wanted.body, secrets: maps.Clone(a.secrets)}
	takeSecrets(inner.body, "", inner.secrets)
	before, exists, err := inner.load(t)
	if err != nil {
		return made{}, err
	}
	if exists && before.state() != deleting && reflect.DeepEqual(before.Wish, inner.body) {
		return made{t, before}, nil
	}
	s, err := inner.make(before, exists, start)
	if err != nil {
		return made{}, err
	}
	return made{t, s}, a.Record(inner.CallRecord)
}

// listOperations tells what a deployment made.
func (a *act) listOperations() (answer, error) {
	s, ok, err := a.load(a.target)
	if err != nil {
		return answer{}, err
	}
	if !ok {
		return a.absent(), nil
	}
	value := []any{}
	for i, each := range list(s.Resource, "properties", "outputResources") {
		value = append(value, document{
			"operationId": fmt.Sprintf("%d", i),
			"properties":  document{"provisioningState": s.state(), "targetResource": each},
		})
	}
	return answer{status: http.StatusOK, body: document{"value": value}}, nil
}

// shownParameters are the parameters as ARM shows them: secure ones without
// their value.
func (p *plan) shownParameters() document {
	out := document{}
	for _, name := range orchestrator.SortedKeys(p.declared) {
		declared, _ := p.declared[name].(document)
		shown := document{"type": text(declared, "type")}
		if !strings.HasPrefix(strings.ToLower(text(declared, "type")), "secure") {
			shown["value"] = p.parameters[name]
		}
		out[name] = shown
	}
	return out
}
