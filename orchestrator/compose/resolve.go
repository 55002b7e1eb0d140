package compose

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// Facts is what must be known outside of the blueprint.
type Facts interface {
	// Blueprint returns the newest plan of that id; ok is false when there is
	// none.
	Blueprint(id string) (plan *orchestrator.Plan, ok bool, err error)
	// Secret returns the newest version; ok is false when there is none.
	Secret(key string) (secret orchestrator.Secret, ok bool, err error)
	// Deployment returns an existing deployment; ok is false when there is none.
	Deployment(id string) (d orchestrator.Deployment, ok bool, err error)
}

// Subject is the deployment to be.
type Subject struct {
	Team         string
	DeploymentID string // may be empty while a form is being filled in
	BlueprintID  string
	CreatedBy    string
	Plan         *orchestrator.Plan
	Inputs       map[string]orchestrator.Value
}

// Component is a node that stands for another deployment, followed to the
// blueprint that will serve it.
type Component struct {
	Node         string
	Type         string
	BlueprintID  string // empty when it cannot be known yet
	DeploymentID string // empty when it cannot be known yet
	Shared       bool   // read, not created: a SharedResource or an external deployment
	Nodes        int    // nodes of the component's own blueprint
	Components   []Component
	// Problem says in a sentence why this component cannot be built: no such
	// path in eaas_params, no such blueprint.
	Problem string
}

// Resolution is what a deployment will use.
type Resolution struct {
	Components []Component
	// Secrets read on the way, sorted. Missing ones are also in Missing,
	// placeholders also in Placeholders.
	Secrets      []string
	Missing      []string
	Placeholders []string
	// Reads are ids of existing deployments whose capabilities are read.
	Reads []string
	// Problems are sentences about what cannot work, in the order found: those
	// of components, and values that cannot be evaluated. Each names the nodes
	// that have it.
	Problems []string
}

// Nodes counts the nodes of all components, those inside components included.
func (r *Resolution) Nodes() int { return nodesOf(r.Components) }

func nodesOf(components []Component) int {
	nodes := 0
	for _, component := range components {
		nodes += component.Nodes + nodesOf(component.Components)
	}
	return nodes
}

// maxDepth bounds components inside components: a blueprint that contains
// itself would never end.
const maxDepth = 8

// maxComponents bounds all of them together: ten components that each hold ten
// of their own are a hundred million, eight levels down.
const maxComponents = 300

// Resolve walks from the given inputs through the component blueprints that
// they lead to. What cannot be known yet (an attribute of a node that does not
// exist) counts as reading nothing. An error is one of Facts; what is wrong
// with the blueprint or the secrets is in the Resolution.
func Resolve(facts Facts, subject Subject) (*Resolution, error) {
	w := &walker{facts: facts, secrets: map[string]bool{}, reads: map[string]bool{}, found: &Resolution{}}
	components, err := w.walk(subject, nil)
	if err != nil {
		return nil, err
	}
	w.found.Components = components
	return w.finish()
}

type walker struct {
	facts   Facts
	secrets map[string]bool
	reads   map[string]bool
	found   *Resolution
	// problems are what the found ones are told of, in the order found.
	problems []problem
	// entered counts the component blueprints walked into.
	entered int
}

func (w *walker) finish() (*Resolution, error) {
	w.found.Secrets = orchestrator.SortedKeys(w.secrets)
	w.found.Reads = orchestrator.SortedKeys(w.reads)
	for _, problem := range w.problems {
		w.found.Problems = append(w.found.Problems, problem.String())
	}
	for _, key := range w.found.Secrets {
		secret, ok, err := w.facts.Secret(key)
		if err != nil {
			return nil, fmt.Errorf("read secret %s: %w", key, err)
		}
		switch {
		case !ok:
			w.found.Missing = append(w.found.Missing, key)
		case secret.Placeholder:
			w.found.Placeholders = append(w.found.Placeholders, key)
		}
	}
	return w.found, nil
}

func (w *walker) walk(subject Subject, path []string) ([]Component, error) {
	s := &scope{walker: w, subject: subject}
	s.Static = eval.Static{Inputs: withDefaults(subject), Nodes: subject.Plan.Node}
	var components []Component
	for i := range subject.Plan.Nodes {
		node := &subject.Plan.Nodes[i]
		where := append(slices.Clone(path), node.ID)
		config, err := w.readNode(s, node, where)
		if err != nil {
			return nil, err
		}
		if !node.Is("cloudify.nodes.Component") && !node.Is("cloudify.nodes.SharedResource") {
			continue
		}
		component, err := w.follow(s, node, config, where)
		if err != nil {
			return nil, err
		}
		components = append(components, component)
	}
	for _, capability := range slices.Concat(subject.Plan.Capabilities, subject.Plan.Outputs) {
		if _, err := w.evaluate(s, eval.Place{}, capability.Value, capability.Name, path); err != nil {
			return nil, err
		}
	}
	return components, nil
}

// withDefaults lays the given inputs over the plan's defaults.
func withDefaults(subject Subject) map[string]orchestrator.Value {
	inputs := map[string]orchestrator.Value{}
	for _, input := range subject.Plan.Inputs {
		inputs[input.Name] = input.Default
	}
	for name, value := range subject.Inputs {
		inputs[name] = value
	}
	return inputs
}

// readNode evaluates everything that the node will read, and returns its
// properties as far as they are known.
func (w *walker) readNode(s *scope, node *orchestrator.Node, path []string) (map[string]orchestrator.Value, error) {
	place := eval.Place{Node: node.ID}
	properties, err := w.evaluateMap(s, place, node.Properties, path)
	if err != nil {
		return nil, err
	}
	if err := w.readOperations(s, place, node.Operations, path); err != nil {
		return nil, err
	}
	for i := range node.Relationships {
		if err := w.readRelationship(s, node, &node.Relationships[i], path); err != nil {
			return nil, err
		}
	}
	return properties, nil
}

func (w *walker) readRelationship(s *scope, node *orchestrator.Node, r *orchestrator.Relationship, path []string) error {
	place := eval.Place{SourceNode: node.ID, TargetNode: r.Target}
	if _, err := w.evaluateMap(s, place, r.Properties, path); err != nil {
		return err
	}
	if err := w.readOperations(s, place, r.SourceOperations, path); err != nil {
		return err
	}
	return w.readOperations(s, place, r.TargetOperations, path)
}

// readOperations evaluates what operations will be told, the properties of
// their plugins included.
func (w *walker) readOperations(s *scope, place eval.Place, operations map[string]orchestrator.Operation, path []string) error {
	for _, name := range orchestrator.SortedKeys(operations) {
		operation := operations[name]
		if _, err := w.evaluateMap(s, place, operation.Inputs, path); err != nil {
			return err
		}
		if len(s.subject.Plan.Plugins[operation.Plugin].Properties) == 0 {
			continue
		}
		if _, err := w.evaluateMap(s, place, s.subject.Plan.Plugins[operation.Plugin].PropertyValues(), path); err != nil {
			return err
		}
	}
	return nil
}

// evaluateMap evaluates the values of a map that is itself no call, whatever
// its keys are named.
func (w *walker) evaluateMap(s *scope, place eval.Place, values map[string]orchestrator.Value, path []string) (map[string]orchestrator.Value, error) {
	out := make(map[string]orchestrator.Value, len(values))
	for _, key := range orchestrator.SortedKeys(values) {
		value, err := w.evaluate(s, place, values[key], key, path)
		if err != nil {
			return nil, err
		}
		out[key] = value
	}
	return out, nil
}

// evaluate computes what can be known. A problem of the value itself is noted,
// not returned: the walk goes on and finds the others too.
func (w *walker) evaluate(s *scope, place eval.Place, v orchestrator.Value, name string, path []string) (orchestrator.Value, error) {
	if !eval.HasCalls(v) {
		return v, nil
	}
	value, err := eval.Evaluate(s, place, v, name)
	if s.failure != nil {
		return nil, s.failure
	}
	if err != nil {
		w.problem(path, err)
		return nil, nil //nolint:nilnil // noted as a problem; the value stays unknown
	}
	return value, nil
}

// follow finds the component's blueprint and walks into it.
func (w *walker) follow(s *scope, node *orchestrator.Node, properties map[string]orchestrator.Value, path []string) (Component, error) {
	component := Component{Node: node.ID, Type: node.Type}
	config := properties["resource_config"]
	component.DeploymentID = known(config, "deployment", "id")
	component.BlueprintID = known(config, "blueprint", "id")
	external, _ := orchestrator.Lookup(config, "deployment", "external_resource")
	component.Shared = node.Is("cloudify.nodes.SharedResource") || orchestrator.Reveal(external) == true ||
		strings.EqualFold(known(config, "deployment", "external_resource"), "true")
	if component.Shared {
		return component, w.readsFrom(component.DeploymentID)
	}
	if component.BlueprintID == "" {
		component.Problem = w.problemOf(path)
		return component, nil
	}
	plan, ok, err := w.facts.Blueprint(component.BlueprintID)
	if err != nil {
		return component, fmt.Errorf("read blueprint %s: %w", component.BlueprintID, err)
	}
	if !ok {
		if archive := known(config, "blueprint", "blueprint_archive"); archive == "" {
			component.Problem = fmt.Sprintf("blueprint %q does not exist; upload it or correct eaas_params", component.BlueprintID)
			w.problem(path, errors.New(component.Problem))
		}
		return component, nil
	}
	component.Nodes = len(plan.Nodes)
	if len(path) >= maxDepth {
		component.Problem = fmt.Sprintf("components are nested deeper than %d; does %q contain itself?", maxDepth, component.BlueprintID)
		w.problem(path, errors.New(component.Problem))
		return component, nil
	}
	if w.entered++; w.entered > maxComponents {
		component.Problem = fmt.Sprintf("there are more than %d components below one another; does %q contain itself?", maxComponents, component.BlueprintID)
		if w.entered == maxComponents+1 { // once, not for each of those left out
			w.problem(path, errors.New(component.Problem))
		}
		return component, nil
	}
	given, _ := orchestrator.Lookup(config, "deployment", "inputs")
	inputs, _ := given.(map[string]orchestrator.Value)
	component.Components, err = w.walk(Subject{
		Team: s.subject.Team, DeploymentID: component.DeploymentID, BlueprintID: component.BlueprintID,
		CreatedBy: s.subject.CreatedBy, Plan: plan, Inputs: inputs,
	}, path)
	return component, err
}

// readsFrom notes an existing deployment whose capabilities will be read.
func (w *walker) readsFrom(deployment string) error {
	if deployment == "" {
		return nil
	}
	_, ok, err := w.facts.Deployment(deployment)
	if err != nil {
		return fmt.Errorf("read deployment %s: %w", deployment, err)
	}
	if ok {
		w.reads[deployment] = true
	}
	return nil
}

// known returns a text in a configuration, or "" while it is not known.
func known(config orchestrator.Value, path ...orchestrator.Value) string {
	value, ok := orchestrator.Lookup(config, path...)
	if !ok || value == nil || eval.HasCalls(value) {
		return ""
	}
	text, _ := orchestrator.Reveal(value).(string)
	return text
}
