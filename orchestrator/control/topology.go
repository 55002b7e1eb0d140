package control

import (
	"context"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// Tree is a deployment with what is inside it, as pages draw it: its nodes with
// their instances, and under each component node the deployment it stands for.
type Tree struct {
	Deployment orchestrator.Deployment
	Nodes      []TreeNode
	// Latest is the newest execution, nil before the first.
	Latest *orchestrator.Execution
}

// TreeNode is one node of a Tree.
type TreeNode struct {
	Node      *orchestrator.Node
	Instances []orchestrator.NodeInstance // runtime properties left out
	// Child is the component's deployment, nil while it does not exist or for
	// other nodes.
	Child *Tree
	// Shared names the deployment that a SharedResource reads.
	Shared string
	// Waiting is the record of the node's unfinished step, if it waits or
	// retries: its Reason is fit for people.
	Waiting *orchestrator.StepRecord
	// Since is when the running step began; zero when none runs.
	Since time.Time
}

// Topology returns the tree of a deployment.
func (c *Control) Topology(ctx context.Context, actor orchestrator.Actor, id string) (*Tree, error) {
	if err := require(actor, orchestrator.Viewer, "reading environments"); err != nil {
		return nil, err
	}
	var tree *Tree
	err := c.view(ctx, func(tx *store.Tx) error {
		d, err := tx.Deployment(ctx, actor.Team, id)
		if err != nil {
			return err
		}
		tree, err = c.tree(ctx, tx, d)
		return err
	})
	return tree, err
}

func (c *Control) tree(ctx context.Context, tx *store.Tx, d orchestrator.Deployment) (*Tree, error) {
	blueprint, err := c.plans.Get(ctx, tx, d.BlueprintUID)
	if err != nil {
		return nil, err
	}
	instances, err := tx.Instances(ctx, d.UID)
	if err != nil {
		return nil, err
	}
	children, _, err := tx.ListDeployments(ctx, store.DeploymentQuery{Team: d.Team, ParentUID: d.UID})
	if err != nil {
		return nil, err
	}
	tree := &Tree{Deployment: d}
	records, err := c.openSteps(ctx, tx, d, tree)
	if err != nil {
		return nil, err
	}
	childOf := map[string]orchestrator.Deployment{}
	for _, child := range children {
		childOf[child.ParentNode] = child
	}
	for i := range blueprint.Plan.Nodes {
		node := TreeNode{Node: &blueprint.Plan.Nodes[i]}
		for _, instance := range instances {
			if instance.NodeID != node.Node.ID {
				continue
			}
			if err := c.addInstance(ctx, tx, &node, instance, childOf, records); err != nil {
				return nil, err
			}
		}
		tree.Nodes = append(tree.Nodes, node)
	}
	return tree, nil
}

func (c *Control) addInstance(ctx context.Context, tx *store.Tx, node *TreeNode, instance orchestrator.NodeInstance, childOf map[string]orchestrator.Deployment, records map[string]orchestrator.StepRecord) error {
	if node.Node.Is("cloudify.nodes.SharedResource") {
		id, _ := orchestrator.Lookup(instance.Runtime, "deployment", "id")
		node.Shared, _ = id.(string)
	}
	instance.Runtime = nil
	node.Instances = append(node.Instances, instance)
	if record, ok := records[instance.ID]; ok {
		node.Since = record.StartedAt
		if record.Reason != "" {
			node.Waiting = &record
		}
	}
	child, ok := childOf[instance.ID]
	if !ok {
		return nil
	}
	var err error
	node.Child, err = c.tree(ctx, tx, child)
	return err
}

// openSteps returns the unfinished steps of the running execution by instance,
// and notes the newest execution in the tree.
func (c *Control) openSteps(ctx context.Context, tx *store.Tx, d orchestrator.Deployment, tree *Tree) (map[string]orchestrator.StepRecord, error) {
	if d.LatestExecution == "" {
		return nil, nil //nolint:nilnil // no execution, no steps
	}
	latest, err := tx.Execution(ctx, d.LatestExecution)
	if orchestrator.ErrorCode(err) == orchestrator.NotFound {
		return nil, nil //nolint:nilnil // its rows are gone
	}
	if err != nil {
		return nil, err
	}
	tree.Latest = &latest
	if latest.Status.Final() {
		return nil, nil //nolint:nilnil // nothing is open any more
	}
	graph, err := tx.ExecutionGraph(ctx, latest.ID)
	if err != nil {
		return nil, err
	}
	instanceOf := map[string]string{}
	for _, step := range graph.Steps {
		instanceOf[step.ID] = step.InstanceID
	}
	records, err := tx.Steps(ctx, latest.ID)
	if err != nil {
		return nil, err
	}
	open := map[string]orchestrator.StepRecord{}
	for _, record := range records {
		switch record.State {
		case orchestrator.StepRunning, orchestrator.StepWaiting, orchestrator.StepPolling, orchestrator.StepRetrying:
			open[instanceOf[record.StepID]] = record
		}
	}
	return open, nil
}
