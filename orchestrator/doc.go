// Package orchestrator holds the words of Slipway: blueprints and the plans
// they compile to, deployments and their node instances, executions and their
// steps, events, secrets, people; their legal states; and values of the DSL as
// data. It knows no database, network, clock or file, and imports nothing but
// the standard library, so every other package may speak these words.
//
// docs/glossary.md explains each word; docs/state_machine.md draws the
// transitions that states.go tabulates.
package orchestrator
