// Package workflow turns an intent (install, uninstall) into steps and their
// order. It knows the life of a node instance: which operation follows which,
// what is skipped in which state, what events say around it, and which
// instance waits for which. It refuses to know what becomes of the steps:
// failure, retries and time are package schedule's.
//
// A workflow is a recipe, a table of rows, read once per instance. The result
// is a value that depends on nothing but the arguments: the same plan and
// instances give the same graph, step for step.
//
//	parameters, err := workflow.ValidateParameters(declared, given, allowCustom)
//	graph, err := workflow.Build("install", plan, instances, parameters)
//	operation, ok := workflow.NewOperations(plan, instances).Of(step)
package workflow
