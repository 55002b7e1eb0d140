package api

import (
	"cmp"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
)

func listNodes(c *call) error {
	p, err := c.page("deployment_id")
	if err != nil {
		return err
	}
	if err := c.refuseEvaluation(); err != nil {
		return err
	}
	deployments, err := c.deploymentsAsked()
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	objects := []nodeObject{}
	for _, d := range deployments {
		plan, err := c.api.control.Plan(ctx, c.Actor, d)
		if err != nil {
			return err
		}
		instances, err := c.api.control.NodeInstances(ctx, c.Actor, d.ID)
		if err != nil {
			return err
		}
		for _, node := range plan.Nodes {
			if fits(c.query["id"], node.ID) {
				objects = append(objects, nodeOf(d, plan, node, instances))
			}
		}
	}
	sorts := map[string]func(a, b nodeObject) int{
		"deployment_id": func(a, b nodeObject) int { return cmp.Compare(a.DeploymentID, b.DeploymentID) },
		"id":            func(a, b nodeObject) int { return cmp.Compare(a.ID, b.ID) },
		"type":          func(a, b nodeObject) int { return cmp.Compare(a.Type, b.Type) },
	}
	if err := sortBy(p, objects, sorts); err != nil {
		return err
	}
	return sendList(c, p, cut(p, objects), len(objects))
}

// sortBy sorts a list that is whole, keeping the order of what is equal.
func sortBy[T any](p page, items []T, sorts map[string]func(a, b T) int) error {
	order, ok := sorts[p.sort]
	if !ok {
		return invalid("cannot sort by %q: choose one of %s", p.sort, strings.Join(orchestrator.SortedKeys(sorts), ", ")).On("_sort")
	}
	slices.SortStableFunc(items, func(a, b T) int {
		if p.descending {
			a, b = b, a
		}
		return order(a, b)
	})
	return nil
}

// deploymentsAsked are the deployments that deployment_id names, else all.
func (c *call) deploymentsAsked() ([]orchestrator.Deployment, error) {
	query := control.ListDeployments{Sort: "id", IDs: c.query["deployment_id"]}
	found, _, err := c.api.control.ListDeployments(c.Request().Context(), c.Actor, query)
	return found, err
}

// refuseEvaluation refuses to pass off expressions as their values.
func (c *call) refuseEvaluation() error {
	evaluate, err := c.truth("_evaluate_functions")
	if err == nil && evaluate {
		err = invalid("this version shows expressions as they are written; leave _evaluate_functions out").On("_evaluate_functions")
	}
	return err
}

// nodeObject is a node of a deployment as the contract shows it.
type nodeObject struct {
	common
	ID                       string                        `json:"id"`
	DeploymentID             string                        `json:"deployment_id"`
	DeploymentDisplayName    string                        `json:"deployment_display_name"`
	BlueprintID              string                        `json:"blueprint_id"`
	HostID                   *string                       `json:"host_id"`
	Type                     string                        `json:"type"`
	TypeHierarchy            []string                      `json:"type_hierarchy"`
	NumberOfInstances        orchestrator.Value            `json:"number_of_instances"`
	PlannedNumberOfInstances orchestrator.Value            `json:"planned_number_of_instances"`
	DeployNumberOfInstances  orchestrator.Value            `json:"deploy_number_of_instances"`
	MinNumberOfInstances     orchestrator.Value            `json:"min_number_of_instances"`
	MaxNumberOfInstances     orchestrator.Value            `json:"max_number_of_instances"`
	ActualNumberOfInstances  int                           `json:"actual_number_of_instances"`
	ActualPlannedOfInstances int                           `json:"actual_planned_number_of_instances"`
	Properties               map[string]orchestrator.Value `json:"properties"`
	Relationships            []relationshipObject          `json:"relationships"`
	Operations               map[string]operationObject    `json:"operations"`
	Plugins                  []pluginUseObject             `json:"plugins"`
	PluginsToInstall         []pluginUseObject             `json:"plugins_to_install"`
	DriftedInstances         *int                          `json:"drifted_instances"`
	UnavailableInstances     int                           `json:"unavailable_instances"`
}

type relationshipObject struct {
	TargetID         string                        `json:"target_id"`
	Type             string                        `json:"type"`
	TypeHierarchy    []string                      `json:"type_hierarchy"`
	Properties       map[string]orchestrator.Value `json:"properties"`
	SourceOperations map[string]operationObject    `json:"source_operations"`
	TargetOperations map[string]operationObject    `json:"target_operations"`
}

type operationObject struct {
	Plugin             string                        `json:"plugin"`
	Operation          string                        `json:"operation"`
	Executor           *string                       `json:"executor"`
	Inputs             map[string]orchestrator.Value `json:"inputs"`
	MaxRetries         *int64                        `json:"max_retries"`
	RetryInterval      *float64                      `json:"retry_interval"`
	Timeout            *float64                      `json:"timeout"`
	TimeoutRecoverable *bool                         `json:"timeout_recoverable"`
}

type pluginUseObject struct {
	Name        string  `json:"name"`
	PackageName *string `json:"package_name"`
	Executor    *string `json:"executor"`
}

func nodeOf(d orchestrator.Deployment, plan *orchestrator.Plan, node orchestrator.Node, instances []orchestrator.NodeInstance) nodeObject {
	object := nodeObject{
		common: commonOf(d.Team, d.CreatedBy),
		ID:     node.ID, DeploymentID: d.ID, DeploymentDisplayName: d.DisplayName, BlueprintID: d.BlueprintID, HostID: text(node.HostID),
		Type: node.Type, TypeHierarchy: node.TypeHierarchy,
		NumberOfInstances: node.Instances.Current, PlannedNumberOfInstances: node.Instances.Planned, DeployNumberOfInstances: node.Instances.Default,
		MinNumberOfInstances: node.Instances.Min, MaxNumberOfInstances: node.Instances.Max,
		Properties: values(node.Properties), Operations: operationObjects(node.Operations),
		Relationships: []relationshipObject{}, Plugins: []pluginUseObject{}, PluginsToInstall: []pluginUseObject{},
	}
	for _, instance := range instances {
		if instance.NodeID != node.ID {
			continue
		}
		object.ActualPlannedOfInstances++
		if instance.State == orchestrator.InstanceStarted {
			object.ActualNumberOfInstances++
		}
	}
	object.UnavailableInstances = object.ActualPlannedOfInstances - object.ActualNumberOfInstances
	for _, r := range node.Relationships {
		object.Relationships = append(object.Relationships, relationshipObject{
			TargetID: r.Target, Type: r.Type, TypeHierarchy: r.TypeHierarchy, Properties: values(r.Properties),
			SourceOperations: operationObjects(r.SourceOperations), TargetOperations: operationObjects(r.TargetOperations),
		})
	}
	for _, use := range node.Plugins {
		object.Plugins = append(object.Plugins, pluginUseObject{use.Name, text(plan.Plugins[use.Name].PackageName), text(use.Executor)})
	}
	return object
}

func operationObjects(operations map[string]orchestrator.Operation) map[string]operationObject {
	objects := make(map[string]operationObject, len(operations))
	for name, o := range operations {
		objects[name] = operationObject{
			Plugin: o.Plugin, Operation: o.Function, Executor: text(o.Executor), Inputs: values(o.Inputs),
			MaxRetries: o.MaxRetries, RetryInterval: o.RetryInterval, Timeout: o.Timeout, TimeoutRecoverable: o.TimeoutRecoverable,
		}
	}
	return objects
}
