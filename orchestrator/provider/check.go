package provider

import (
	"fmt"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/diag"
)

// Check finds operations of a plan that no provider here would carry out: its
// plugin is served by none, the provider knows no such operation or type, or it
// is a script for the server itself. It asks no far end.
func (r Registry) Check(plan *orchestrator.Plan) diag.Diagnostics {
	c := checker{registry: r, plan: plan}
	for i := range plan.Nodes {
		node := &plan.Nodes[i]
		path := "node_templates." + node.ID + "."
		c.operations(node, node, node.Operations, path+"interfaces.")
		for j := range node.Relationships {
			relationship := &node.Relationships[j]
			below := fmt.Sprintf("%srelationships[%d].", path, j)
			c.operations(node, node, relationship.SourceOperations, below+"source_interfaces.")
			c.operations(node, plan.Node(relationship.Target), relationship.TargetOperations, below+"target_interfaces.")
		}
	}
	return c.findings
}

type checker struct {
	registry Registry
	plan     *orchestrator.Plan
	findings diag.Diagnostics
}

// operations checks operations of owner; writer is the node that they are
// written in, which differs at the target of a relationship.
func (c *checker) operations(writer, owner *orchestrator.Node, operations map[string]orchestrator.Operation, path string) {
	for _, name := range orchestrator.SortedKeys(operations) {
		operation := operations[name]
		err := c.operation(owner, operation)
		if err == nil {
			continue
		}
		finding := diag.Diagnostic{
			Severity: diag.Error, Path: path + name, Range: place(writer, operation),
			Message: fmt.Sprintf("operation %s of node %s: %s", operation.Name, owner.ID, err),
		}
		if isServerScript(operation) {
			finding.Hint = "run it on a machine over SSH with fabric.fabric_plugin.tasks.run_script"
		}
		c.findings = append(c.findings, finding)
	}
}

// place is where the author can mend the operation: where it is written, or the
// node when that is in a file of types.
func place(writer *orchestrator.Node, operation orchestrator.Operation) orchestrator.Range {
	if operation.At.File == writer.At.File {
		return operation.At
	}
	return writer.At
}

// agentPackage is the plugin of host agents. Workflows here use none, so its
// operations, which every Compute node declares, are never run.
const agentPackage = "agent"

func (c *checker) operation(owner *orchestrator.Node, operation orchestrator.Operation) error {
	packageName := c.plan.Plugins[operation.Plugin].PackageName
	switch {
	case operation.IsNoop(), packageName == agentPackage:
		return nil
	case isServerScript(operation):
		return fmt.Errorf("it would run a script on the server, which this version does not do")
	}
	p, err := c.registry.Find(packageName)
	if err != nil {
		return err
	}
	if able, ok := p.(Checker); ok {
		return able.Check(owner, operation, false)
	}
	return nil
}

func isServerScript(operation orchestrator.Operation) bool {
	return strings.HasPrefix(operation.Function, "script_runner.tasks.")
}
