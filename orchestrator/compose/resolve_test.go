package compose

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

// itself is a server whose only blueprint holds ten components, each of that
// same blueprint.
type itself struct{ plan *orchestrator.Plan }

func (f itself) Blueprint(string) (*orchestrator.Plan, bool, error) { return f.plan, true, nil }
func (itself) Secret(string) (orchestrator.Secret, bool, error) {
	return orchestrator.Secret{}, false, nil
}
func (itself) Deployment(string) (orchestrator.Deployment, bool, error) {
	return orchestrator.Deployment{}, false, nil
}

// A blueprint that contains itself ten times over leads to a hundred million
// components eight levels down. The walk ends early and says why.
func TestResolveEndsInSpiteOfItself(t *testing.T) {
	plan := &orchestrator.Plan{}
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		plan.Nodes = append(plan.Nodes, orchestrator.Node{
			ID: id, Type: "cloudify.nodes.Component", TypeHierarchy: []string{"cloudify.nodes.Root", "cloudify.nodes.Component"},
			Properties: map[string]orchestrator.Value{"resource_config": map[string]orchestrator.Value{"blueprint": map[string]orchestrator.Value{"id": "ten"}}},
		})
	}
	found, err := Resolve(itself{plan}, Subject{BlueprintID: "ten", Plan: plan})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(found.Problems); n == 0 || n > maxProblems {
		t.Fatalf("%d problems are told of a blueprint that contains itself, want 1 to %d", n, maxProblems)
	}
	// Each component walked into lists at most ten below it.
	if n, most := count(found.Components), 10*(maxComponents+1); n > most {
		t.Errorf("the walk found %d components, want at most %d", n, most)
	}
}

// cells is a server with one secret and no other blueprints.
type cells struct{ itself }

func (cells) Secret(key string) (orchestrator.Secret, bool, error) {
	return orchestrator.Secret{Key: key, Kind: orchestrator.SecretConfiguration, Value: `{"aws": {"dev-small": {"db": "psql"}, "dev-large": {"db": "psql"}}}`}, true, nil
}

// Who picks a cell that nobody has described is told once which there are.
func TestResolveOfAnUnknownCell(t *testing.T) {
	type values = map[string]orchestrator.Value
	plan := &orchestrator.Plan{}
	for _, id := range []string{"database", "s3"} {
		lookup := values{"get_secret": []orchestrator.Value{"eaas_params", "aws", "production", id}}
		plan.Nodes = append(plan.Nodes, orchestrator.Node{
			ID: id, Type: "cloudify.nodes.Component", TypeHierarchy: []string{"cloudify.nodes.Component"},
			Properties: values{"resource_config": values{"blueprint": values{"id": lookup}}},
		})
	}
	found, err := Resolve(cells{}, Subject{BlueprintID: "app", Plan: plan})
	if err != nil {
		t.Fatal(err)
	}
	const cause = `secret eaas_params.aws has no key "production"; it has dev-large, dev-small`
	if diff := cmp.Diff([]string{"database, s3: " + cause}, found.Problems); diff != "" {
		t.Errorf("once, with all that have it (-want +got):\n%s", diff)
	}
	for _, component := range found.Components {
		if component.Problem != cause {
			t.Errorf("%s says %q", component.Node, component.Problem)
		}
	}
}

func count(components []Component) int {
	n := len(components)
	for _, c := range components {
		n += count(c.Components)
	}
	return n
}

// Whatever an operation will be told may read secrets: inputs and properties of
// nodes, relationships and plugins. A map whose only key is named like a
// function is no call there.
func TestResolveFindsSecrets(t *testing.T) {
	type values = map[string]orchestrator.Value
	secret := func(name string) values { return values{"get_secret": name} }
	operation := func(plugin, name string) map[string]orchestrator.Operation {
		return map[string]orchestrator.Operation{"create": {Name: "create", Plugin: plugin, Inputs: values{"get_secret": secret(name)}}}
	}
	plan := &orchestrator.Plan{
		Nodes: []orchestrator.Node{{
			ID: "vm", Properties: values{"concat": secret("property")}, Operations: operation("p", "input"),
			Relationships: []orchestrator.Relationship{{
				Target: "vm", Properties: values{"x": secret("relationship")},
				SourceOperations: operation("q", "source"), TargetOperations: operation("q", "target"),
			}},
		}},
		Plugins: map[string]orchestrator.Plugin{
			"p": {Properties: values{"key": values{"default": secret("unused"), "value": secret("plugin")}}}, "q": {},
		},
		Outputs: []orchestrator.Output{{Name: "o", Value: secret("output")}},
	}
	found, err := Resolve(itself{plan}, Subject{Plan: plan})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"input", "output", "plugin", "property", "relationship", "source", "target"}
	if diff := cmp.Diff(want, found.Secrets); diff != "" || len(found.Problems) > 0 {
		t.Errorf("every secret that will be read (-want +got):\n%s\nproblems: %q", diff, found.Problems)
	}
}
