package compose

import (
	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// scope knows inputs, nodes and secrets, and writes down what was asked for.
type scope struct {
	eval.Static
	walker  *walker
	subject Subject
	failure error // of Facts: not the blueprint's fault
}

var _ eval.Scope = (*scope)(nil)

// Secret notes the secret and answers with configuration only: the text of a
// sensitive secret leads nowhere.
func (s *scope) Secret(name string) (orchestrator.Value, error) {
	s.walker.secrets[name] = true
	secret, ok, err := s.walker.facts.Secret(name)
	if err != nil {
		s.failure = err
		return nil, err
	}
	if !ok || secret.Kind != orchestrator.SecretConfiguration {
		return nil, eval.ErrUnknown
	}
	return secret.Value, nil
}

// Capability notes the deployment whose capability is read.
func (s *scope) Capability(deployment, _ string) (orchestrator.Value, error) {
	if err := s.walker.readsFrom(deployment); err != nil {
		s.failure = err
		return nil, err
	}
	return nil, eval.ErrUnknown
}

// Sys answers what is known of the deployment to be.
func (s *scope) Sys(entity, property string) (orchestrator.Value, error) {
	known := map[string]string{
		"tenant.name": s.subject.Team, "deployment.id": s.subject.DeploymentID,
		"deployment.name": s.subject.DeploymentID, "deployment.blueprint": s.subject.BlueprintID,
		"deployment.owner": s.subject.CreatedBy,
	}[entity+"."+property]
	if known == "" {
		return nil, eval.ErrUnknown
	}
	return known, nil
}
