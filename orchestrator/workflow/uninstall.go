package workflow

import "github.com/slipwayhq/slipway/orchestrator"

// uninstall takes instances down, sources before their targets. With
// ignoreFailure every operation is tried once, and the rest goes on.
func uninstall(ignoreFailure bool) recipe {
	// Nothing runs in these states, so nothing is to be stopped.
	still := states{orchestrator.Stopped, orchestrator.Deleting, orchestrator.Deleted, orchestrator.Uninitialized, orchestrator.Configured}
	gone := states{orchestrator.Deleted, orchestrator.Uninitialized}

	return recipe{
		sourceFirst:   true,
		ignoreFailure: ignoreFailure,
		stub:          row{operation: relationship + "unlink", ofRelationships: true, backwards: true, ignoreFailure: true},
		rows: []row{
			{skip: still, before: together(set(orchestrator.Stopping), say("Stopping node instance"))},
			{
				operation: "cloudify.interfaces.validation.delete", skip: still,
				before: together(say("Validating node instance before deletion")),
				after:  together(say("Node instance validated before deletion")),
				idle:   "Validating node instance after deletion: nothing to do", // the original's wording
			},
			{operation: "cloudify.interfaces.monitoring.stop", skip: still},
			{
				operation: lifecycle + "prestop", skip: still,
				before: together(say("Prestopping node instance")),
				after:  together(say("Node instance prestopped")),
			},
			{operation: "cloudify.interfaces.monitoring_agent.stop", onlyHosts: true, skip: still},
			{operation: "cloudify.interfaces.monitoring_agent.uninstall", onlyHosts: true, skip: still},
			{
				operation: lifecycle + "stop", skip: still,
				after:   together(say("Stopped node instance")),
				idle:    "Stopped node instance: nothing to do",
				skipped: "Stop: instance already %s",
			},
			{
				skip:   states{orchestrator.Stopped, orchestrator.Deleting, orchestrator.Deleted},
				before: together(set(orchestrator.Stopped)),
			},
			{
				operation: relationship + "unlink", ofRelationships: true, backwards: true, skip: gone,
				before: together(say("Unlinking relationships")),
				after:  together(say("Relationships unlinked")),
			},
			{
				operation: lifecycle + "delete", skip: gone,
				before:  together(set(orchestrator.Deleting), say("Deleting node instance")),
				idle:    "Deleting node instance: nothing to do",
				skipped: "Delete: instance already %s",
			},
			{
				operation: lifecycle + "postdelete", skip: gone,
				before: together(say("Postdeleting node instance")),
				after:  together(say("Node instance postdeleted")),
			},
			{
				skip:   states{orchestrator.Deleted},
				before: together(set(orchestrator.Deleted), say("Deleted node instance")),
			},
		},
	}
}
