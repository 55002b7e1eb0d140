package provider_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/diag"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// picky serves nodes of one type.
type picky struct{ provider.Func }

func (picky) Check(node *orchestrator.Node, _ orchestrator.Operation, _ bool) error {
	if node.Type != "good" {
		return errors.New("no such type")
	}
	return nil
}

func TestRegistryCheck(t *testing.T) {
	at := func(file string, line int) orchestrator.Range {
		return orchestrator.Range{File: file, Start: orchestrator.Position{Line: line, Column: 3}}
	}
	operation := func(plugin, function string, at orchestrator.Range) map[string]orchestrator.Operation {
		return map[string]orchestrator.Operation{"i.create": {Name: "i.create", Plugin: plugin, Function: function, At: at}}
	}
	finding := func(at orchestrator.Range, path, message, hint string) diag.Diagnostics {
		return diag.Diagnostics{{Severity: diag.Error, Range: at, Path: path, Message: message, Hint: hint}}
	}
	const main, types = "blueprint.yaml", "types/aws.yaml"
	cases := map[string]struct {
		reason string
		node   orchestrator.Node
		want   diag.Diagnostics
	}{
		"Served": {
			reason: "a type that the provider knows",
			node:   orchestrator.Node{Type: "good", Operations: operation("picky", "p.create", at(main, 9))},
		},
		"Nothing": {
			reason: "an operation that does nothing needs nobody",
			node:   orchestrator.Node{Operations: operation("", "", at(main, 9))},
		},
		"Agent": {
			reason: "operations of host agents are never run",
			node:   orchestrator.Node{Operations: operation("agent", "agent.create", at(main, 9))},
		},
		"ErrType": {
			reason: "written in a file of types, told where the node is",
			node:   orchestrator.Node{Type: "bad", Operations: operation("picky", "p.create", at(types, 700))},
			want:   finding(at(main, 5), "node_templates.vm.interfaces.i.create", "operation i.create of node vm: no such type", ""),
		},
		"ErrPlugin": {
			reason: "a plugin that nobody serves",
			node:   orchestrator.Node{Operations: operation("other", "o.create", at(main, 9))},
			want:   finding(at(main, 9), "node_templates.vm.interfaces.i.create", `operation i.create of node vm: no provider serves plugin package "acme"; this server has picky`, ""),
		},
		"ErrScript": {
			reason: "a script for the server has a way out",
			node:   orchestrator.Node{Operations: operation("script", "script_runner.tasks.run", at(main, 9))},
			want: finding(at(main, 9), "node_templates.vm.interfaces.i.create",
				"operation i.create of node vm: it would run a script on the server, which this version does not do",
				"run it on a machine over SSH with fabric.fabric_plugin.tasks.run_script"),
		},
		"ErrTarget": {
			reason: "at the target of a relationship the target's type counts",
			node:   orchestrator.Node{Type: "good", Relationships: []orchestrator.Relationship{{Target: "db", TargetOperations: operation("picky", "p.create", at(main, 12))}}},
			want:   finding(at(main, 12), "node_templates.vm.relationships[0].target_interfaces.i.create", "operation i.create of node db: no such type", ""),
		},
	}
	registry := provider.Registry{"picky": picky{}}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.node.ID, tc.node.At = "vm", at(main, 5)
			plan := &orchestrator.Plan{
				Nodes: []orchestrator.Node{tc.node, {ID: "db", Type: "bad"}},
				Plugins: map[string]orchestrator.Plugin{
					"picky": {PackageName: "picky"}, "other": {PackageName: "acme"}, "agent": {PackageName: "agent"}, "script": {},
				},
			}
			if diff := cmp.Diff(tc.want, registry.Check(plan)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}
