package web

import (
	"fmt"
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

// maxChoices is how many deployments or secrets a select offers.
const maxChoices = 500

// choices are the things that inputs may name.
type choices struct {
	deployments, blueprints, secrets []views.Option
}

// choices reads only what the plan's inputs ask for.
func (s *Server) choices(c *call, plan *orchestrator.Plan) (choices, error) {
	wanted := map[string]bool{}
	for _, input := range plan.Inputs {
		wanted[input.Type] = true
	}
	var found choices
	if wanted["deployment_id"] {
		var err error
		if found.deployments, err = s.deploymentOptions(c); err != nil {
			return found, err
		}
	}
	if wanted["blueprint_id"] {
		blueprints, _, err := s.control.ListBlueprints(c.context(), c.Actor, control.ListBlueprints{Sort: "id", Size: maxChoices})
		if err != nil {
			return found, err
		}
		for _, b := range blueprints {
			found.blueprints = append(found.blueprints, views.Option{Value: b.ID, Text: b.ID})
		}
	}
	if wanted["secret_key"] {
		secrets, err := s.control.ListSecrets(c.context(), c.Actor)
		if err != nil {
			return found, err
		}
		for _, secret := range secrets {
			found.secrets = append(found.secrets, views.Option{Value: secret.Key, Text: secret.Key})
		}
	}
	return found, nil
}

// deploymentOptions offers whole environments, and their components as far as
// there is room.
func (s *Server) deploymentOptions(c *call) ([]views.Option, error) {
	whole, _, err := s.control.ListDeployments(c.context(), c.Actor, control.ListDeployments{TopLevel: true, Sort: "id", Size: maxChoices})
	if err != nil {
		return nil, err
	}
	all, _, err := s.control.ListDeployments(c.context(), c.Actor, control.ListDeployments{Sort: "id", Size: maxChoices})
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		if d.Parent != "" {
			whole = append(whole, d)
		}
	}
	slices.SortStableFunc(whole, likelier)
	var options []views.Option
	for _, d := range whole[:min(maxChoices, len(whole))] {
		options = append(options, deploymentOption(d))
	}
	return options, nil
}

// likelier puts first what people most often mean: whole environments before
// their components, and what is up before what is not.
func likelier(a, b orchestrator.Deployment) int {
	rank := func(d orchestrator.Deployment) int {
		n := 0
		if d.Parent != "" {
			n += 2
		}
		if d.InstallationStatus != orchestrator.Active {
			n++
		}
		return n
	}
	return rank(a) - rank(b)
}

func deploymentOption(d orchestrator.Deployment) views.Option {
	text := d.ID + ", " + cellOrBlueprint(d)
	if d.Rehearsal {
		text += ", REHEARSAL"
	}
	if d.InstallationStatus != orchestrator.Active {
		text += ", not up"
	}
	return views.Option{Value: d.ID, Text: text}
}

// of returns an input's choices; nil when it can be anything.
func (ch choices) of(input orchestrator.Input) []views.Option {
	for _, constraint := range input.Constraints {
		if constraint.Operator != "valid_values" {
			continue
		}
		list, ok := constraint.Argument.([]orchestrator.Value)
		if !ok {
			continue
		}
		options := make([]views.Option, len(list))
		for i, v := range list {
			options[i] = views.Option{Value: fmt.Sprint(v), Text: fmt.Sprint(v)}
			if input.Name == inputCloud {
				options[i].Text = views.CloudName(options[i].Value)
			}
		}
		return options
	}
	switch input.Type {
	case "deployment_id":
		return emptyIfNil(ch.deployments)
	case "blueprint_id":
		return emptyIfNil(ch.blueprints)
	case "secret_key":
		return emptyIfNil(ch.secrets)
	default:
		return nil
	}
}

// emptyIfNil keeps "none there" apart from "can be anything".
func emptyIfNil(options []views.Option) []views.Option {
	if options == nil {
		return []views.Option{}
	}
	return options
}

// freeName suggests a name that nothing has yet: app_1, app_2, …
func (s *Server) freeName(c *call, blueprint string) (string, error) {
	name := func(n int) string { return fmt.Sprintf("%s_%d", blueprint, n) }
	n, err := firstFree(func(n int) (bool, error) {
		_, err := s.control.GetDeployment(c.context(), c.Actor, name(n))
		if orchestrator.ErrorCode(err) == orchestrator.NotFound {
			return false, nil
		}
		return err == nil, err
	})
	return name(n), err
}

// firstFree finds a number that is not taken behind one that is, or 1. It asks a
// few times however many are taken.
func firstFree(taken func(int) (bool, error)) (int, error) {
	before, free := 0, 1
	for {
		used, err := taken(free)
		if err != nil {
			return 0, err
		}
		if !used {
			break
		}
		before, free = free, free*2
	}
	for free-before > 1 {
		middle := (before + free) / 2
		used, err := taken(middle)
		if err != nil {
			return 0, err
		}
		if used {
			before = middle
		} else {
			free = middle
		}
	}
	return free, nil
}
