package api

import (
	"cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

func listNodeInstances(c *call) error {
	p, err := c.page("node_id")
	if err != nil {
		return err
	}
	objects, err := c.instances()
	if err != nil {
		return err
	}
	sorts := map[string]func(a, b instanceObject) int{
		"node_id":       func(a, b instanceObject) int { return cmp.Compare(a.NodeID, b.NodeID) },
		"id":            func(a, b instanceObject) int { return cmp.Compare(a.ID, b.ID) },
		"deployment_id": func(a, b instanceObject) int { return cmp.Compare(a.DeploymentID, b.DeploymentID) },
		"state":         func(a, b instanceObject) int { return cmp.Compare(a.State, b.State) },
	}
	if err := sortBy(p, objects, sorts); err != nil {
		return err
	}
	return sendList(c, p, cut(p, objects), len(objects))
}

// instances are the instances of the deployments asked for that fit the
// filters.
func (c *call) instances() ([]instanceObject, error) {
	if err := c.refuseEvaluation(); err != nil {
		return nil, err
	}
	deployments, err := c.deploymentsAsked()
	if err != nil {
		return nil, err
	}
	objects := []instanceObject{}
	for _, d := range deployments {
		found, err := c.api.control.NodeInstances(c.Request().Context(), c.Actor, d.ID)
		if err != nil {
			return nil, err
		}
		for _, instance := range found {
			if fits(c.query["node_id"], instance.NodeID) && fits(c.query["id"], instance.ID) {
				objects = append(objects, instanceOf(d, instance))
			}
		}
	}
	return objects, nil
}

func getNodeInstance(c *call) error {
	if err := c.refuseEvaluation(); err != nil {
		return err
	}
	d, instance, err := c.api.control.NodeInstance(c.Request().Context(), c.Actor, c.name("id"))
	if err != nil {
		return err
	}
	return sendOne(c, instanceOf(d, instance))
}

// instanceObject is a node instance as the contract shows it. Marked runtime
// properties are null.
type instanceObject struct {
	common
	ID                    string                              `json:"id"`
	NodeID                string                              `json:"node_id"`
	DeploymentID          string                              `json:"deployment_id"`
	HostID                *string                             `json:"host_id"`
	State                 string                              `json:"state"`
	Version               int                                 `json:"version"`
	Index                 int                                 `json:"index"`
	Relationships         []orchestrator.InstanceRelationship `json:"relationships"`
	ScalingGroups         []orchestrator.ScalingGroupInstance `json:"scaling_groups"`
	RuntimeProperties     map[string]orchestrator.Value       `json:"runtime_properties"`
	SystemProperties      map[string]any                      `json:"system_properties"`
	HasConfigurationDrift *bool                               `json:"has_configuration_drift"`
	IsStatusCheckOK       *bool                               `json:"is_status_check_ok"`
}

func instanceOf(d orchestrator.Deployment, i orchestrator.NodeInstance) instanceObject {
	object := instanceObject{
		common: commonOf(d.Team, d.CreatedBy),
		ID:     i.ID, NodeID: i.NodeID, DeploymentID: d.ID, HostID: text(i.HostID), State: string(i.State), Version: i.Version, Index: i.Index,
		Relationships: i.Relationships, ScalingGroups: i.ScalingGroups,
		RuntimeProperties: values(i.Runtime), SystemProperties: map[string]any{},
	}
	if object.Relationships == nil {
		object.Relationships = []orchestrator.InstanceRelationship{}
	}
	if object.ScalingGroups == nil {
		object.ScalingGroups = []orchestrator.ScalingGroupInstance{}
	}
	return object
}
