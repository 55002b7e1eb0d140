package azure

import (
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// shortestSecret is how long a marked text must be to be looked for in answers;
// shorter ones would be found everywhere.
const shortestSecret = 8

// secretsOf lists the marked texts of the call's node.
func secretsOf(call *provider.Call) []string {
	return collectSecrets(call.Inputs, false, collectSecrets(call.Self.Properties, false, nil))
}

func collectSecrets(value orchestrator.Value, marked bool, found []string) []string {
	switch value := value.(type) {
	case orchestrator.Sensitive:
		return collectSecrets(value.Open(), true, found)
	case document:
		for _, item := range value {
			found = collectSecrets(item, marked, found)
		}
	case []orchestrator.Value:
		for _, item := range value {
			found = collectSecrets(item, marked, found)
		}
	case string:
		if marked && len(value) >= shortestSecret {
			found = append(found, value)
		}
	}
	return found
}

// markEchoes marks the texts of an answer that hold a secret: Azure repeats what
// it was given, such as the parameters of a template that are not declared
// secure.
func markEchoes(answer orchestrator.Value, secrets []string) orchestrator.Value {
	switch answer := answer.(type) {
	case document:
		for key, item := range answer {
			answer[key] = markEchoes(item, secrets)
		}
	case []orchestrator.Value:
		for i, item := range answer {
			answer[i] = markEchoes(item, secrets)
		}
	case string:
		for _, secret := range secrets {
			if strings.Contains(answer, secret) {
				return orchestrator.Mark(answer)
			}
		}
	}
	return answer
}
