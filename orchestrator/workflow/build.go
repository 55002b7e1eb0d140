package workflow

import (
	"errors"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/graph"
)

// Build lays a workflow out for a deployment's instances, in the states that
// they are in now. Parameters are those that ValidateParameters returned. The
// parameter "recursive" of uninstall is not Build's: who starts the execution
// ends the children first.
func Build(name string, plan *orchestrator.Plan, instances []orchestrator.NodeInstance, parameters map[string]orchestrator.Value) (orchestrator.Graph, error) {
	recipe, err := recipeOf(name, plan, parameters)
	if err != nil {
		return orchestrator.Graph{}, err
	}
	s, err := newScene(plan, instances)
	if err != nil {
		return orchestrator.Graph{}, err
	}
	selected, err := s.selection(parameters)
	if err != nil {
		return orchestrator.Graph{}, err
	}
	lanes := make([]*lane, len(s.actors))
	for i, actor := range s.actors {
		lanes[i] = recipe.lay(actor, selected)
	}
	if err := recipe.connect(s, lanes); err != nil {
		return orchestrator.Graph{}, err
	}
	out := orchestrator.Graph{Format: orchestrator.GraphFormat, Name: name}
	for _, lane := range lanes {
		out.Steps = append(out.Steps, lane.steps...)
	}
	return out, nil
}

// recipe is a workflow as data: what every selected instance goes through.
type recipe struct {
	prefix string // of lane names
	rows   []row
	// idle replaces a lane in which no operation is left to do; nil keeps it.
	idle []orchestrator.Step
	// stub is what an instance that is not selected does about its selected
	// targets.
	stub row
	// sourceFirst turns the edges round: a target waits for its sources.
	sourceFirst   bool
	ignoreFailure bool
}

// recipeOf finds the recipe by the function that the plan maps the workflow
// to, so that a blueprint may give install another name.
func recipeOf(name string, plan *orchestrator.Plan, parameters map[string]orchestrator.Value) (recipe, error) {
	function := name
	if declared, ok := plan.Workflows[name]; ok && declared.Function != "" {
		function = declared.Function
	}
	switch strings.TrimPrefix(function, "cloudify.plugins.workflows.") {
	case "install":
		return install(), nil
	case "uninstall":
		ignore, _ := orchestrator.Reveal(parameters["ignore_failure"]).(bool)
		return uninstall(ignore), nil
	default:
		return recipe{}, orchestrator.Errorf(orchestrator.Invalid,
			"Slipway cannot run the workflow %s; it runs install and uninstall.", name).Because("unavailable_workflow_error")
	}
}

// lay makes the lane of one instance.
func (r recipe) lay(actor *actor, selected map[string]bool) *lane {
	if !selected[actor.instance.ID] {
		stub := newLane("stub_"+actor.instance.ID, actor)
		stub.add(r.stub, func(target string) bool { return selected[target] })
		return stub
	}
	lane := newLane(r.prefix+actor.instance.ID, actor)
	lane.ignoreFailure = r.ignoreFailure
	for _, row := range r.rows {
		lane.add(row, func(string) bool { return true })
	}
	if r.idle != nil && !lane.operates() {
		lane = newLane(lane.name, actor)
		lane.then(r.idle...)
	}
	return lane
}

// connect makes lanes wait for each other: a source for the whole of its
// target, or the other way round. An empty lane hands on what it waits for.
func (r recipe) connect(s *scene, lanes []*lane) error {
	waits, err := r.edges(s, lanes)
	if err != nil {
		return err
	}
	order, err := waits.Order()
	if err != nil {
		return waitsForItself(err)
	}
	ends := make(map[string][]string, len(lanes))
	for _, id := range order {
		lane := lanes[s.place[id]]
		for _, before := range waits.Needs(id) {
			lane.wait(ends[before]...)
		}
		if ends[id] = lane.tail; len(lane.steps) == 0 {
			ends[id] = lane.waits
		}
	}
	return refuseCircle(lanes)
}

// refuseCircle finds circles that only steps show: through a wait for an
// operation in the middle of a lane.
func refuseCircle(lanes []*lane) error {
	var order graph.Graph[string]
	for _, lane := range lanes {
		for _, step := range lane.steps {
			order.Add(step.ID, step.After...)
		}
	}
	_, err := order.Order()
	return waitsForItself(err)
}

// edges tells which instance waits for which. A relationship that names a
// lifecycle operation of its target makes no such edge at install; its source
// waits for what follows that operation, and for nothing if it does not run.
func (r recipe) edges(s *scene, lanes []*lane) (*graph.Graph[string], error) {
	waits := &graph.Graph[string]{}
	for i, actor := range s.actors {
		id := actor.instance.ID
		waits.Add(id)
		for _, link := range actor.links {
			switch target := link.bound.TargetID; {
			case r.sourceFirst:
				waits.Add(target, id)
			case link.operation() != "":
				lanes[i].wait(lanes[s.place[target]].following[link.operation()]...)
			default:
				waits.Add(id, target)
			}
		}
	}
	return waits, nil
}

func waitsForItself(err error) error {
	cycle, ok := errors.AsType[*graph.CycleError[string]](err)
	if !ok {
		return err
	}
	return orchestrator.Errorf(orchestrator.Invalid,
		"The relationships run in a circle (%s), so none of these instances can go first. Take one of the relationships out of the blueprint.",
		cycle.Error()).Because("invalid_blueprint_error")
}
