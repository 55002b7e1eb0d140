package storetest

import (
	"testing"

	"github.com/slipwayhq/slipway/store"
)

// Run exercises a store through everything that its users rely on. open returns
// an empty, migrated store that only this test uses.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	for name, test := range map[string]func(*testing.T, *store.Store){
		"Blueprints":  testBlueprints,
		"Deployments": testDeployments,
		"Instances":   testInstances,
		"Executions":  testExecutions,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}
