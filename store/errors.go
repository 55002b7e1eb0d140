package store

import "github.com/slipwayhq/slipway/orchestrator"

// notFound answers in the words of the REST contract.
func notFound(noun, id string) error {
	return orchestrator.Errorf(orchestrator.NotFound, "Requested `%s` with ID `%s` was not found", noun, id)
}
