package storetest

import (
	"testing"

	"github.com/slipwayhq/slipway/store"
)

// Run exercises a store through everything that its users rely on. open returns
// an empty, migrated store that only this test uses.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	for name, test := range map[string]func(*testing.T, *store.Store){
		"Blueprints":         testBlueprints,
		"Archives":           testArchives,
		"BlueprintImports":   testBlueprintImports,
		"Deployments":        testDeployments,
		"DeploymentLists":    testDeploymentLists,
		"DeploymentDeletion": testDeploymentDeletion,
		"Instances":          testInstances,
		"Runtime":            testRuntime,
		"Executions":         testExecutions,
		"Children":           testChildren,
		"Status":             testStatus,
		"Cancel":             testCancel,
		"Claims":             testClaims,
		"Steps":              testSteps,
		"Fence":              testFence,
		"FenceRace":          testFenceRace,
		"StaleOwner":         testStaleOwner,
		"Events":             testEvents,
		"ManyEvents":         testManyEvents,
		"Dependencies":       testDependencies,
		"Secrets":            testSecrets,
		"Sealed":             testSealed,
		"People":             testPeople,
		"Audit":              testAudit,
		"AuditTampering":     testAuditTampering,
		"Servers":            testServers,
		"Transactions":       testTransactions,
		"Concurrency":        testConcurrency,
		"Nudges":             testNudges,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}
