package control

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// parentLabel names the deployment that a component is part of. Slipway writes
// it; people see it and cannot change it.
const parentLabel = "csys-obj-parent"

// SetDeploymentLabels replaces the labels of a deployment. Those that stay keep
// who gave them and when.
func (c *Control) SetDeploymentLabels(ctx context.Context, actor orchestrator.Actor, id string, labels []orchestrator.Label) (orchestrator.Deployment, error) {
	var d orchestrator.Deployment
	if err := require(actor, orchestrator.User, "labelling an environment"); err != nil {
		return d, err
	}
	err := c.change(ctx, actor, audited("deployment.label", id), func(tx *store.Tx) (err error) {
		if d, err = tx.Deployment(ctx, actor.Team, id); err != nil {
			return err
		}
		if err := mayTouch(actor, d.CreatedBy, "labelling what somebody else owns"); err != nil {
			return err
		}
		if d.Labels, err = relabel(d.Labels, labels, actor.Name, c.now()); err != nil {
			return err
		}
		d.UpdatedAt = c.now()
		return tx.SetDeploymentLabels(ctx, d.UID, d.Labels, d.UpdatedAt)
	})
	return d, err
}

// SetBlueprintLabels replaces the labels of a blueprint's newest version.
func (c *Control) SetBlueprintLabels(ctx context.Context, actor orchestrator.Actor, id string, labels []orchestrator.Label) (orchestrator.Blueprint, error) {
	var blueprint orchestrator.Blueprint
	if err := require(actor, orchestrator.Operator, "labelling blueprints"); err != nil {
		return blueprint, err
	}
	err := c.change(ctx, actor, audited("blueprint.label", id), func(tx *store.Tx) (err error) {
		if blueprint, err = tx.NewestBlueprint(ctx, actor.Team, id); err != nil {
			return err
		}
		if blueprint.Labels, err = relabel(blueprint.Labels, labels, actor.Name, c.now()); err != nil {
			return err
		}
		return tx.SetBlueprintLabels(ctx, blueprint.UID, blueprint.Labels)
	})
	return blueprint, err
}

// relabel returns the wanted labels, each once. What Slipway wrote stays, asked
// for or not.
func relabel(old, wanted []orchestrator.Label, by string, now time.Time) ([]orchestrator.Label, error) {
	if err := validLabels(wanted); err != nil {
		return nil, err
	}
	var labels []orchestrator.Label
	for _, label := range old {
		if label.Key == parentLabel {
			labels = append(labels, label)
		}
	}
	for _, label := range wanted {
		same := func(other orchestrator.Label) bool { return other.Key == label.Key && other.Value == label.Value }
		if slices.ContainsFunc(labels, same) {
			continue
		}
		if label.Key == parentLabel {
			return nil, orchestrator.Errorf(orchestrator.Invalid, "the label %s is written by Slipway; leave it as it is", parentLabel).Because("bad_parameters_error").On("labels")
		}
		if i := slices.IndexFunc(old, same); i >= 0 {
			labels = append(labels, old[i])
			continue
		}
		labels = append(labels, orchestrator.Label{Key: label.Key, Value: label.Value, CreatedBy: by, CreatedAt: now})
	}
	return labels, nil
}

// withDeclared adds the labels that a blueprint declares to those of a request.
// A value that is known only later is left out.
func withDeclared(labels []orchestrator.Label, declared map[string][]orchestrator.Value) []orchestrator.Label {
	var more []orchestrator.Label
	for _, key := range orchestrator.SortedKeys(declared) {
		for _, value := range declared[key] {
			if text, ok := orchestrator.Redact(value).(string); ok && text != "" {
				more = append(more, orchestrator.Label{Key: strings.ToLower(key), Value: text})
			}
		}
	}
	slices.SortStableFunc(more, func(a, b orchestrator.Label) int { return strings.Compare(a.Key, b.Key) })
	return slices.Concat(labels, more)
}
