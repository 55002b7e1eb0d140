package control

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/orchestrator/workflow"
	"github.com/slipwayhq/slipway/store"
)

// defaultWaitAfterFail is how long independent branches go on after the first
// failure, when the request does not say.
const defaultWaitAfterFail = 600 * time.Second

// StartExecution is a request to run a workflow.
type StartExecution struct {
	DeploymentID string
	Workflow     string
	Parameters   map[string]orchestrator.Value
	AllowCustom  bool // accept parameters that the workflow does not declare
	Force        bool // skip availability, dependents and concurrency checks
	// WaitAfterFail is nil for the default of 600 s.
	WaitAfterFail *time.Duration
}

// StartExecution lays the workflow out on the deployment's instances as they
// are now, and dispatches it.
func (c *Control) StartExecution(ctx context.Context, actor orchestrator.Actor, start StartExecution) (orchestrator.Execution, error) {
	var execution orchestrator.Execution
	if err := require(actor, orchestrator.User, "starting a workflow"); err != nil {
		return execution, err
	}
	audit := audited("execution.start", start.Workflow+" on "+start.DeploymentID)
	err := c.change(ctx, actor, audit, func(tx *store.Tx) error {
		d, err := tx.Deployment(ctx, actor.Team, start.DeploymentID)
		if err != nil {
			return err
		}
		if err := mayTouch(actor, d.CreatedBy, "starting a workflow on what somebody else owns"); err != nil {
			return err
		}
		execution, err = c.start(ctx, tx, actor, d, start, orchestrator.Execution{})
		return err
	})
	if err == nil {
		c.queue.Poke(execution.ID)
	}
	return execution, err
}

// start decides and writes one execution inside tx. below carries the parent's
// part for a component's execution.
func (c *Control) start(ctx context.Context, tx *store.Tx, actor orchestrator.Actor, d orchestrator.Deployment, start StartExecution, below orchestrator.Execution) (orchestrator.Execution, error) {
	blueprint, err := c.plans.Get(ctx, tx, d.BlueprintUID)
	if err != nil {
		return orchestrator.Execution{}, err
	}
	instances, err := tx.Instances(ctx, d.UID)
	if err != nil {
		return orchestrator.Execution{}, err
	}
	parameters, err := c.possible(ctx, tx, actor, d, blueprint.Plan, instances, start)
	if err != nil {
		return orchestrator.Execution{}, err
	}
	graph, err := workflow.Build(start.Workflow, blueprint.Plan, instances, parameters)
	if err != nil {
		return orchestrator.Execution{}, err
	}
	execution := below
	execution.ID = uuid.NewString()
	if execution.RootID == "" {
		execution.RootID = execution.ID
	}
	execution.Team, execution.DeploymentUID, execution.DeploymentID = d.Team, d.UID, d.ID
	execution.BlueprintID, execution.Rehearsal = d.BlueprintID, d.Rehearsal
	execution.Workflow, execution.Parameters = start.Workflow, parameters
	execution.Status, execution.Force = orchestrator.Pending, start.Force
	execution.WaitAfterFail = defaultWaitAfterFail
	if start.WaitAfterFail != nil {
		execution.WaitAfterFail = *start.WaitAfterFail
	}
	execution.CreatedBy, execution.CreatedAt = actor.Name, c.now()
	if err := tx.InsertExecution(ctx, execution, graph); err != nil {
		return orchestrator.Execution{}, err
	}
	if err := engine.RefreshStatus(ctx, tx, d.UID, c.now()); err != nil {
		return orchestrator.Execution{}, err
	}
	return execution, c.queue.Dispatch(ctx, tx.SQL(), execution.ID)
}

// possible checks what engine-semantics 3 lists, in its order, and returns the
// execution's parameters.
func (c *Control) possible(ctx context.Context, tx *store.Tx, actor orchestrator.Actor, d orchestrator.Deployment, plan *orchestrator.Plan, instances []orchestrator.NodeInstance, start StartExecution) (map[string]orchestrator.Value, error) {
	declared, ok := d.Workflows[start.Workflow]
	if !ok {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "Workflow %s does not exist in deployment %s; it has %s", start.Workflow, d.ID, strings.Join(orchestrator.SortedKeys(d.Workflows), ", ")).Because("nonexistent_workflow_error")
	}
	if !start.Force {
		if available, why := workflow.Available(declared.AvailabilityRules, plan, instances); !available {
			return nil, orchestrator.Errorf(orchestrator.Invalid, "Workflow %s is not available for deployment %s now. %s", start.Workflow, d.ID, why).Because("unavailable_workflow_error")
		}
	}
	parameters, err := workflow.ValidateParameters(declared.Parameters, start.Parameters, start.AllowCustom)
	if err != nil {
		return nil, err
	}
	if start.Force {
		return parameters, nil
	}
	if err := c.refuseUnderDependents(ctx, tx, d, start.Workflow); err != nil {
		return nil, err
	}
	if err := refuseOnEnding(ctx, tx, d, start.Workflow); err != nil {
		return nil, err
	}
	running, err := tx.ActiveExecutions(ctx, d.UID)
	if err != nil {
		return nil, err
	}
	if len(running) > 0 {
		return nil, orchestrator.Errorf(orchestrator.Invalid,
			"The following executions are currently running for this deployment: %s. To execute this workflow anyway, pass \"force=true\" as a query parameter to this request; or wait, or cancel it: slipway executions cancel %s", running[0].ID, running[0].ID).Because("existing_running_execution_error")
	}
	return parameters, nil
}

// endsDeployment are the workflows that dependents forbid.
var endsDeployment = map[string]bool{"uninstall": true, "stop": true, "update": true, "heal": true}

// refuseUnderDependents refuses to pull a deployment from under those that use
// it, naming them.
func (c *Control) refuseUnderDependents(ctx context.Context, tx *store.Tx, d orchestrator.Deployment, workflowID string) error {
	if !endsDeployment[workflowID] {
		return nil
	}
	holders, err := c.holders(ctx, tx, d, workflowID == "uninstall")
	if err != nil || len(holders) == 0 {
		return err
	}
	return orchestrator.Errorf(orchestrator.Invalid, "Can't execute workflow `%s` on deployment %s - existing installations depend on it:\n%s",
		workflowID, d.ID, strings.Join(numbered(holders), "\n")).Because("dependent_exists_error")
}

// holders says, a sentence each, which deployments hold d: components' owners,
// users of its capabilities, users of it as a shared resource. Those that are
// being ended themselves do not count, nor, for an uninstall, components of d
// and users of capabilities that are neither installed nor about to be.
func (c *Control) holders(ctx context.Context, tx *store.Tx, d orchestrator.Deployment, uninstall bool) ([]string, error) {
	dependencies, err := tx.DependenciesOn(ctx, d.Team, d.ID)
	if err != nil {
		return nil, err
	}
	var sentences []string
	for _, dependency := range dependencies {
		source, err := tx.DeploymentByUID(ctx, dependency.SourceUID)
		if err != nil {
			return nil, err
		}
		within, err := isWithin(ctx, tx, source, d.UID)
		if err != nil {
			return nil, err
		}
		if within && (uninstall || source.UID == d.UID) {
			continue // it ends with d
		}
		running, err := tx.ActiveExecutions(ctx, source.UID)
		if err != nil {
			return nil, err
		}
		if _, ending := endingOne(running); ending {
			continue
		}
		kind, node, _ := strings.Cut(dependency.Creator, ".")
		switch kind {
		case "component":
			sentences = append(sentences, fmt.Sprintf("Deployment `%s` contains the current deployment in its node `%s`", source.ID, nodeName(node)))
		case "sharedresource":
			sentences = append(sentences, fmt.Sprintf("Deployment `%s` uses a shared resource from the current deployment in its node `%s`", source.ID, nodeName(node)))
		default:
			blank, err := isBlank(ctx, tx, source.UID)
			if err != nil {
				return nil, err
			}
			if uninstall && blank && len(running) == 0 {
				continue
			}
			sentences = append(sentences, fmt.Sprintf("Deployment `%s` uses capabilities of the current deployment", source.ID))
		}
	}
	return compact(sentences), nil
}

// isWithin reports whether a deployment is that with the uid, or a component
// below it.
func isWithin(ctx context.Context, tx *store.Tx, d orchestrator.Deployment, uid string) (bool, error) {
	for d.UID != uid {
		if d.Parent == "" {
			return false, nil
		}
		var err error
		if d, err = tx.DeploymentByUID(ctx, d.Parent); err != nil {
			return false, unlessMissing(err)
		}
	}
	return true, nil
}

// endingOne finds the execution that ends its deployment.
func endingOne(running []orchestrator.Execution) (orchestrator.Execution, bool) {
	for _, x := range running {
		if endsDeployment[x.Workflow] {
			return x, true
		}
	}
	return orchestrator.Execution{}, false
}

// refuseOnEnding refuses to install what uses capabilities of a deployment that
// is just being ended: it would be built on what vanishes under it.
func refuseOnEnding(ctx context.Context, tx *store.Tx, d orchestrator.Deployment, workflowID string) error {
	if workflowID != "install" {
		return nil
	}
	dependencies, err := tx.DependenciesOf(ctx, d.UID)
	if err != nil {
		return err
	}
	for _, dependency := range dependencies {
		if strings.HasPrefix(dependency.Creator, "component.") {
			continue // its own, whose end the component's step awaits
		}
		target, err := tx.Deployment(ctx, d.Team, dependency.TargetID)
		if orchestrator.ErrorCode(err) == orchestrator.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		running, err := tx.ActiveExecutions(ctx, target.UID)
		if err != nil {
			return err
		}
		if x, ending := endingOne(running); ending {
			return orchestrator.Errorf(orchestrator.Invalid,
				"Can't install deployment %s - it uses deployment %s, of which %s is running (execution %s); wait for its end, and see that %s is installed then", d.ID, target.ID, x.Workflow, x.ID, target.ID).Because("dependent_exists_error")
		}
	}
	return nil
}

// isBlank reports whether nothing of a deployment is installed.
func isBlank(ctx context.Context, tx *store.Tx, uid string) (bool, error) {
	live, err := liveNodes(ctx, tx, uid)
	return len(live) == 0, err
}

func liveNodes(ctx context.Context, tx *store.Tx, uid string) ([]string, error) {
	instances, err := tx.Instances(ctx, uid)
	if err != nil {
		return nil, err
	}
	var live []string
	for _, instance := range instances {
		if instance.State != orchestrator.Uninitialized && instance.State != orchestrator.Deleted {
			live = append(live, instance.ID)
		}
	}
	return live, nil
}

// nodeName takes the random part off an instance id.
func nodeName(instanceID string) string {
	if i := strings.LastIndexByte(instanceID, '_'); i > 0 {
		return instanceID[:i]
	}
	return instanceID
}

func compact(sentences []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, sentence := range sentences {
		if !seen[sentence] {
			seen[sentence] = true
			out = append(out, sentence)
		}
	}
	return out
}

// numbered numbers at most three of each list, as the original's message does.
func numbered(sentences []string) []string {
	const most = 3
	var lines []string
	for i, sentence := range sentences {
		if i == most {
			lines = append(lines, fmt.Sprintf("… and %d more", len(sentences)-most))
			break
		}
		lines = append(lines, fmt.Sprintf("[%d] %s", i+1, sentence))
	}
	return lines
}
