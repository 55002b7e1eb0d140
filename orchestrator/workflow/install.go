package workflow

import "github.com/slipwayhq/slipway/orchestrator"

// states is short for the lists of states in which rows are skipped.
type states = []orchestrator.InstanceState

// install brings instances up. What an instance has behind it, told by its
// state, is skipped, so that a second install goes on where the first stopped.
func install() recipe {
	begun := states{orchestrator.InstanceStarted, orchestrator.Starting, orchestrator.Created, orchestrator.Creating, orchestrator.Configured, orchestrator.Configuring}
	created := states{orchestrator.InstanceStarted, orchestrator.Starting, orchestrator.Created, orchestrator.Configured, orchestrator.Configuring}
	configured := states{orchestrator.InstanceStarted, orchestrator.Starting, orchestrator.Configured}
	started := states{orchestrator.InstanceStarted}

	return recipe{
		prefix: "install_",
		idle:   together(set(orchestrator.InstanceStarted), say("Node instance started (nothing to do)")),
		stub:   row{operation: relationship + "establish", ofRelationships: true},
		rows: []row{
			{before: together(set(orchestrator.Initializing))},
			{
				operation: "cloudify.interfaces.validation.create", skip: begun,
				before: together(say("Validating node instance before creation")),
				after:  together(say("Node instance validated before creation")),
				idle:   "Validating node instance before creation: nothing to do",
			},
			{
				operation: lifecycle + "precreate", skip: begun,
				before: together(say("Precreating node instance")),
				after:  together(say("Node instance precreated")),
				idle:   "Precreating node instance: nothing to do",
			},
			{
				operation: lifecycle + "create", skip: created,
				before: together(say("Creating node instance"), set(orchestrator.Creating)),
				after:  together(set(orchestrator.Created), say("Node instance created")),
				idle:   "Creating node instance: nothing to do",
			},
			{
				operation: relationship + "preconfigure", ofRelationships: true, skip: configured,
				before: together(say("Pre-configuring relationships")),
				after:  together(say("Relationships pre-configured")),
			},
			{
				operation: lifecycle + "configure", skip: configured,
				before: together(set(orchestrator.Configuring), say("Configuring node instance")),
				after:  together(set(orchestrator.Configured), say("Node instance configured")),
				idle:   "Configuring node instance: nothing to do",
			},
			{
				operation: relationship + "postconfigure", ofRelationships: true, skip: started,
				before: together(say("Post-configuring relationships")),
				after:  together(say("Relationships post-configured")),
			},
			{
				operation: lifecycle + "start", skip: started,
				before: together(set(orchestrator.Starting), say("Starting node instance")),
				idle:   "Starting node instance: nothing to do",
			},
			{operation: "cloudify.interfaces.host.get_state", onlyHosts: true, skip: started},
			{operation: "cloudify.interfaces.monitoring_agent.install", onlyHosts: true, skip: started},
			{operation: "cloudify.interfaces.monitoring_agent.start", onlyHosts: true, skip: started},
			{
				operation: lifecycle + "poststart", skip: started,
				before: together(say("Poststarting node instance")),
				after:  together(say("Node instance poststarted")),
				idle:   "Poststarting node instance: nothing to do",
			},
			{operation: "cloudify.interfaces.monitoring.start", skip: started},
			{
				operation: relationship + "establish", ofRelationships: true, skip: started,
				before: together(say("Establishing relationships")),
				after:  together(say("Relationships established")),
			},
			{before: together(set(orchestrator.InstanceStarted), say("Node instance started"))},
		},
	}
}
