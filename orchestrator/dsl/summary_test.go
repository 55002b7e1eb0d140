package dsl

import (
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
)

// doc is a document under construction; empty things are left out.
type doc map[string]Value

func (d doc) put(key string, v Value) {
	switch v := v.(type) {
	case nil:
		return
	case string:
		if v == "" {
			return
		}
	case []Value:
		if len(v) == 0 {
			return
		}
	case map[string]Value:
		if len(v) == 0 {
			return
		}
	case doc:
		if len(v) == 0 {
			return
		}
		d[key] = map[string]Value(v)
		return
	}
	d[key] = v
}

func list[S ~[]E, E any](s S) []Value {
	out := make([]Value, len(s))
	for i, item := range s {
		out[i] = item
	}
	return out
}

func sortedList(s []string) []Value { return list(slices.Sorted(slices.Values(s))) }

func mapped[V any](m map[string]V, f func(V) Value) map[string]Value {
	out := map[string]Value{}
	for key, value := range m {
		out[key] = f(value)
	}
	return out
}

// summary writes a plan as the recorded cases do.
func summary(plan *orchestrator.Plan) Value {
	d := doc{}
	d.put("version", plan.Version)
	d.put("description", plan.Description)
	d.put("metadata", plan.Metadata)
	inputs := doc{}
	for _, in := range plan.Inputs {
		inputs[in.Name] = inputSummary(in)
	}
	d.put("inputs", inputs)
	nodes := doc{}
	for i := range plan.Nodes {
		nodes[plan.Nodes[i].ID] = nodeSummary(&plan.Nodes[i])
	}
	d.put("nodes", nodes)
	d.put("outputs", outputSummary(plan.Outputs))
	d.put("capabilities", outputSummary(plan.Capabilities))
	labels := func(l []Value) Value { return map[string]Value{"values": l} }
	d.put("labels", mapped(plan.Labels, labels))
	d.put("blueprint_labels", mapped(plan.BlueprintLabels, labels))
	d.put("resource_tags", plan.ResourceTags)
	d.put("deployment_settings", plan.DeploymentSettings)
	d.put("workflows", mapped(plan.Workflows, workflowSummary))
	d.put("groups", mapped(plan.Groups, func(g orchestrator.Group) Value {
		out := doc{}
		out.put("members", sortedList(g.Members))
		policies := doc{}
		for name, p := range g.Policies {
			policies[name] = p
		}
		out.put("policies", policies)
		return map[string]Value(out)
	}))
	d.put("policies", mapped(plan.Policies, func(p orchestrator.Policy) Value {
		return map[string]Value{"type": p.Type, "targets": list(p.Targets), "properties": p.Properties}
	}))
	d.put("scaling_groups", mapped(plan.ScalingGroups, func(g orchestrator.ScalingGroup) Value {
		out := doc{"properties": countValues(g.Properties)}
		out.put("members", sortedList(g.Members))
		return map[string]Value(out)
	}))
	d.put("policy_types", plan.PolicyTypes)
	d.put("policy_triggers", plan.PolicyTriggers)
	d.put("data_types", mapped(plan.DataTypes, func(t orchestrator.DataType) Value {
		out := doc{}
		out.put("derived_from", t.DerivedFrom)
		out.put("properties", mapped(t.Properties, inputSummary))
		return map[string]Value(out)
	}))
	d.put("relationship_types", mapped(plan.Relationships, func(t orchestrator.RelationshipType) Value {
		out := doc{"type_hierarchy": list(t.TypeHierarchy)}
		out.put("derived_from", t.DerivedFrom)
		out.put("properties", mapped(t.Properties, inputSummary))
		return map[string]Value(out)
	}))
	requirements := doc{}
	requirements.put("secrets", list(plan.Requirements.Secrets))
	parents := []Value{}
	for _, p := range plan.Requirements.ParentCapabilities {
		parents = append(parents, p)
	}
	requirements.put("parent_capabilities", parents)
	d.put("requirements", requirements)
	d.put("imported_blueprints", sortedList(plan.ImportedBlueprints))
	d.put("namespaces_mapping", mapped(plan.NamespacesMapping, func(s string) Value { return s }))
	d.put("deployment_plugins_to_install", sortedList(plan.DeploymentPluginsToInstall))
	d.put("workflow_plugins_to_install", sortedList(plan.WorkflowPluginsToInstall))
	d.put("host_agent_plugins_to_install", sortedList(plan.HostAgentPluginsToInstall))
	d.put("plugin_definitions", mapped(plan.Plugins, pluginSummary))
	return map[string]Value(d)
}

func pluginSummary(p orchestrator.Plugin) Value {
	out := doc{"install": p.Install}
	out.put("source", p.Source)
	out.put("package_name", p.PackageName)
	out.put("package_version", p.PackageVersion)
	out.put("properties", p.Properties)
	for key, value := range p.Extra {
		out.put(key, value)
	}
	return map[string]Value(out)
}

func inputSummary(in orchestrator.Input) Value {
	out := doc{}
	out.put("type", in.Type)
	out.put("item_type", in.ItemType)
	out.put("description", in.Description)
	out.put("display_label", in.DisplayLabel)
	out.put("display", in.Display)
	if in.Hidden {
		out["hidden"] = true
	}
	if !in.Required {
		out["required"] = false
	}
	if in.HasDefault {
		out["default"] = in.Default
	}
	constraints := []Value{}
	for _, c := range in.Constraints {
		constraints = append(constraints, map[string]Value{c.Operator: c.Argument})
	}
	out.put("constraints", constraints)
	return map[string]Value(out)
}

func nodeSummary(n *orchestrator.Node) Value {
	d := doc{"type": n.Type, "type_hierarchy": list(n.TypeHierarchy)}
	d.put("properties", n.Properties)
	d.put("host_id", n.HostID)
	d["instances"] = map[string]Value{"default": n.Instances.Default, "min": n.Instances.Min, "max": n.Instances.Max,
		"current": n.Instances.Current, "planned": n.Instances.Planned}
	d.put("operations", mapped(n.Operations, operationSummary))
	d.put("short_names", list(orchestrator.SortedKeys(n.ShortNames)))
	relationships := []Value{}
	for _, r := range n.Relationships {
		one := doc{"type": r.Type, "target": r.Target, "type_hierarchy": list(r.TypeHierarchy)}
		one.put("properties", r.Properties)
		one.put("source_operations", mapped(r.SourceOperations, operationSummary))
		one.put("target_operations", mapped(r.TargetOperations, operationSummary))
		one.put("source_short_names", list(orchestrator.SortedKeys(r.SourceShortNames)))
		one.put("target_short_names", list(orchestrator.SortedKeys(r.TargetShortNames)))
		relationships = append(relationships, map[string]Value(one))
	}
	d.put("relationships", relationships)
	plugins := []string{}
	for _, p := range n.Plugins {
		plugins = append(plugins, p.Name+"/"+p.Executor)
	}
	d.put("plugins", sortedList(plugins))
	d.put("plugins_to_install", sortedList(n.PluginsToInstall))
	d.put("deployment_plugins_to_install", sortedList(n.DeploymentPluginsToInstall))
	return map[string]Value(d)
}

func operationSummary(o orchestrator.Operation) Value {
	d := doc{"plugin": o.Plugin, "operation": o.Function}
	d.put("executor", o.Executor)
	d.put("inputs", o.Inputs)
	d.put("inputs_types", mapped(o.InputsTypes, func(s string) Value { return s }))
	if o.MaxRetries != nil {
		d["max_retries"] = *o.MaxRetries
	}
	for key, v := range map[string]*float64{"retry_interval": o.RetryInterval, "timeout": o.Timeout} {
		if v != nil {
			d[key] = *v
		}
	}
	if o.TimeoutRecoverable != nil {
		d["timeout_recoverable"] = *o.TimeoutRecoverable
	}
	if o.HasFunctions {
		d["has_intrinsic_functions"] = true
	}
	return map[string]Value(d)
}

func outputSummary(outputs []orchestrator.Output) Value {
	d := doc{}
	for _, o := range outputs {
		one := doc{"value": o.Value}
		one.put("description", o.Description)
		d[o.Name] = map[string]Value(one)
	}
	return map[string]Value(d)
}

func workflowSummary(w orchestrator.Workflow) Value {
	d := doc{"plugin": w.Plugin, "operation": w.Function}
	parameters := doc{}
	for _, p := range w.Parameters {
		parameters[p.Name] = inputSummary(p)
	}
	d.put("parameters", parameters)
	if w.IsCascading {
		d["is_cascading"] = true
	}
	if rules := w.AvailabilityRules; rules != nil {
		r := doc{}
		if rules.Available != nil {
			r["available"] = *rules.Available
		}
		r.put("node_instances_active", list(rules.NodeInstancesActive))
		r.put("node_types_required", list(rules.NodeTypesRequired))
		d.put("availability_rules", r)
	}
	return map[string]Value(d)
}
