package eval

import (
	"errors"
	"fmt"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Capabilities evaluates what a deployment offers to others. One that is
// nothing but a secret that does not exist is left out; any other error ends
// the evaluation.
func Capabilities(scope Scope, definitions []orchestrator.Output) (map[string]Value, error) {
	out := make(map[string]Value, len(definitions))
	for _, d := range definitions {
		value, err := Evaluate(scope, Place{}, d.Value, "capabilities."+d.Name+".value")
		switch {
		case err == nil:
			out[d.Name] = value
		case !IsMissingSecret(d.Value, err):
			return nil, err
		}
	}
	return out, nil
}

// Outputs evaluates what a deployment shows to people. One that is nothing but
// a secret that does not exist is left out; one whose functions cannot be
// evaluated says so in its place. An error of the Scope ends the evaluation.
func Outputs(scope Scope, definitions []orchestrator.Output) (map[string]Value, error) {
	out := make(map[string]Value, len(definitions))
	for _, d := range definitions {
		value, err := Evaluate(scope, Place{}, d.Value, "outputs."+d.Name+".value")
		_, fromScope := errors.AsType[*orchestrator.Error](err)
		switch {
		case err == nil:
			out[d.Name] = value
		case IsMissingSecret(d.Value, err):
		case fromScope:
			return nil, err
		default:
			out[d.Name] = fmt.Sprintf("<ERROR: %v>", err)
		}
	}
	return out, nil
}

// IsMissingSecret reports whether a value is directly a get_secret that failed
// because there is no such secret. A Scope says so by the code NotFound.
func IsMissingSecret(v Value, err error) bool {
	call, ok := AsCall(v)
	return ok && call.Name == "get_secret" && orchestrator.ErrorCode(err) == orchestrator.NotFound
}
