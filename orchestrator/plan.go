package orchestrator

// Plan is the complete, checked result of compiling a blueprint. It is stored
// as one JSON document; field names follow section 18 of the DSL reference
// where the REST contract shows them.
type Plan struct {
	Version            string                      `json:"version"`
	Description        string                      `json:"description,omitempty"`
	Metadata           map[string]Value            `json:"metadata,omitempty"`
	Inputs             []Input                     `json:"inputs,omitempty"` // in the order written
	Nodes              []Node                      `json:"nodes,omitempty"`  // in the order written
	Relationships      map[string]RelationshipType `json:"relationships,omitempty"`
	Workflows          map[string]Workflow         `json:"workflows,omitempty"`
	Outputs            []Output                    `json:"outputs,omitempty"`
	Capabilities       []Output                    `json:"capabilities,omitempty"`
	Labels             map[string][]Value          `json:"labels,omitempty"`
	BlueprintLabels    map[string][]Value          `json:"blueprint_labels,omitempty"`
	ResourceTags       map[string]Value            `json:"resource_tags,omitempty"`
	DeploymentSettings map[string]Value            `json:"deployment_settings,omitempty"`
	Groups             map[string]Group            `json:"groups,omitempty"`
	Policies           map[string]Policy           `json:"policies,omitempty"`
	PolicyTypes        map[string]Value            `json:"policy_types,omitempty"`
	PolicyTriggers     map[string]Value            `json:"policy_triggers,omitempty"`
	ScalingGroups      map[string]ScalingGroup     `json:"scaling_groups,omitempty"`
	DataTypes          map[string]DataType         `json:"data_types,omitempty"`
	// Plugins holds every plugin in use by name; an operation's provider is
	// found by its plugin's PackageName.
	Plugins                    map[string]Plugin `json:"plugins,omitempty"`
	DeploymentPluginsToInstall []string          `json:"deployment_plugins_to_install,omitempty"`
	WorkflowPluginsToInstall   []string          `json:"workflow_plugins_to_install,omitempty"`
	HostAgentPluginsToInstall  []string          `json:"host_agent_plugins_to_install,omitempty"`
	ImportedBlueprints         []string          `json:"imported_blueprints,omitempty"`
	NamespacesMapping          map[string]string `json:"namespaces_mapping,omitempty"`
	Requirements               Requirements      `json:"requirements,omitzero"`
}

// Node returns the node with that name, or nil.
func (p *Plan) Node(name string) *Node {
	for i := range p.Nodes {
		if p.Nodes[i].ID == name {
			return &p.Nodes[i]
		}
	}
	return nil
}

// Input is a declared input of a blueprint, or a parameter of a workflow.
type Input struct {
	Name         string           `json:"name"`
	Type         string           `json:"type,omitempty"`
	ItemType     string           `json:"item_type,omitempty"`
	Description  string           `json:"description,omitempty"`
	DisplayLabel string           `json:"display_label,omitempty"`
	Display      map[string]Value `json:"display,omitempty"`
	Hidden       bool             `json:"hidden,omitempty"`
	Required     bool             `json:"required"`
	HasDefault   bool             `json:"has_default,omitempty"`
	Default      Value            `json:"default,omitempty"`
	Constraints  []Constraint     `json:"constraints,omitempty"`
	At           Range            `json:"at,omitzero"`
}

// Constraint limits an input's value, for example {valid_values: [a, b]}.
type Constraint struct {
	Operator string `json:"operator"`
	Argument Value  `json:"argument"`
	Message  string `json:"error_message,omitempty"`
}

// Output is a named value with its expression: an output or a capability.
type Output struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Value       Value  `json:"value"`
	At          Range  `json:"at,omitzero"`
}

// Node is what is written in node_templates, with everything that its types
// add already merged in.
type Node struct {
	ID                         string               `json:"id"`
	Type                       string               `json:"type"`
	TypeHierarchy              []string             `json:"type_hierarchy"` // base first, own type last
	Properties                 map[string]Value     `json:"properties,omitempty"`
	HostID                     string               `json:"host_id,omitempty"` // a node name; empty when hostless
	Instances                  InstanceCounts       `json:"instances"`
	Operations                 map[string]Operation `json:"operations,omitempty"`  // by full name "interface.operation"
	ShortNames                 map[string]string    `json:"short_names,omitempty"` // unique short name to full name
	Relationships              []Relationship       `json:"relationships,omitempty"`
	Plugins                    []PluginUse          `json:"plugins,omitempty"`
	PluginsToInstall           []string             `json:"plugins_to_install,omitempty"`
	DeploymentPluginsToInstall []string             `json:"deployment_plugins_to_install,omitempty"`
	// SensitiveAttributes are runtime properties that the node's types declare
	// with "sensitive: true"; they are marked the moment they are written.
	SensitiveAttributes []string `json:"sensitive_attributes,omitempty"`
	At                  Range    `json:"at,omitzero"`
}

// Is reports whether the node's type is typeName or derives from it.
func (n *Node) Is(typeName string) bool { return hierarchyHas(n.TypeHierarchy, typeName) }

func hierarchyHas(hierarchy []string, name string) bool {
	for _, t := range hierarchy {
		if t == name {
			return true
		}
	}
	return false
}

// InstanceCounts says how many instances a node has; Max -1 is unbounded. Each
// is an int64, or an intrinsic function that deployment creation resolves.
type InstanceCounts struct {
	Default Value `json:"default"`
	Min     Value `json:"min"`
	Max     Value `json:"max"`
	Current Value `json:"current"`
	Planned Value `json:"planned"`
}

// Operation is what a node or relationship declares under an interface, with
// its implementation resolved. Plugin and Function are both empty for a no-op.
type Operation struct {
	Name               string            `json:"name"`               // "cloudify.interfaces.lifecycle.create"
	Plugin             string            `json:"plugin"`             // key of Plan.Plugins
	Function           string            `json:"operation"`          // "cloudify_aws.ec2.vpc.create", "script_runner.tasks.run"
	Executor           string            `json:"executor,omitempty"` // "", central_deployment_agent, host_agent, auto
	Inputs             map[string]Value  `json:"inputs,omitempty"`
	InputsTypes        map[string]string `json:"inputs_types,omitempty"`
	MaxRetries         *int64            `json:"max_retries,omitempty"`    // nil: the server's default; -1: endless
	RetryInterval      *float64          `json:"retry_interval,omitempty"` // seconds
	Timeout            *float64          `json:"timeout,omitempty"`        // seconds
	TimeoutRecoverable *bool             `json:"timeout_recoverable,omitempty"`
	HasFunctions       bool              `json:"has_intrinsic_functions,omitempty"`
	At                 Range             `json:"at,omitzero"`
}

// IsNoop reports whether the operation does nothing.
func (o Operation) IsNoop() bool { return o.Plugin == "" && o.Function == "" }

// Mapping is the text that events show: the plugin's function.
func (o Operation) Mapping() string { return o.Function }

// Relationship binds a node to a target node.
type Relationship struct {
	Type             string               `json:"type"`
	Target           string               `json:"target_id"` // node name
	TypeHierarchy    []string             `json:"type_hierarchy"`
	Properties       map[string]Value     `json:"properties,omitempty"`
	SourceOperations map[string]Operation `json:"source_operations,omitempty"`
	TargetOperations map[string]Operation `json:"target_operations,omitempty"`
	SourceShortNames map[string]string    `json:"source_short_names,omitempty"`
	TargetShortNames map[string]string    `json:"target_short_names,omitempty"`
	At               Range                `json:"at,omitzero"`
}

// Is reports whether the relationship's type is typeName or derives from it.
func (r *Relationship) Is(typeName string) bool { return hierarchyHas(r.TypeHierarchy, typeName) }

// RelationshipType is a declared relationship type with its ancestors merged in.
type RelationshipType struct {
	Name             string               `json:"name"`
	DerivedFrom      string               `json:"derived_from,omitempty"`
	TypeHierarchy    []string             `json:"type_hierarchy,omitempty"`
	Properties       map[string]Input     `json:"properties,omitempty"`
	SourceOperations map[string]Operation `json:"source_operations,omitempty"`
	TargetOperations map[string]Operation `json:"target_operations,omitempty"`
}

// Workflow is a declared workflow.
type Workflow struct {
	Plugin            string             `json:"plugin"`
	Function          string             `json:"operation"`
	Parameters        []Input            `json:"parameters,omitempty"`
	IsCascading       bool               `json:"is_cascading"`
	AvailabilityRules *AvailabilityRules `json:"availability_rules,omitempty"`
}

// AvailabilityRules say when a workflow may start.
type AvailabilityRules struct {
	Available           *bool    `json:"available,omitempty"`
	NodeInstancesActive []string `json:"node_instances_active,omitempty"` // all, partial, none
	NodeTypesRequired   []string `json:"node_types_required,omitempty"`
}

// DataType is a structured type of the DSL with its ancestors merged in.
type DataType struct {
	Name        string           `json:"name"`
	DerivedFrom string           `json:"derived_from,omitempty"`
	Description string           `json:"description,omitempty"`
	Version     string           `json:"version,omitempty"`
	Properties  map[string]Input `json:"properties,omitempty"`
}

// Plugin names the code behind operations.
type Plugin struct {
	Name           string           `json:"name"`
	Executor       string           `json:"executor"`
	Install        bool             `json:"install"`
	Source         string           `json:"source,omitempty"`
	PackageName    string           `json:"package_name,omitempty"`
	PackageVersion string           `json:"package_version,omitempty"`
	Extra          map[string]Value `json:"extra,omitempty"`      // install_arguments, supported_platform, distribution…
	Properties     map[string]Value `json:"properties,omitempty"` // name to {type, description, default, value}
}

// PropertyValues returns the values of the plugin's declared properties: what
// its import gave, else the default. Properties holds the declarations.
func (p Plugin) PropertyValues() map[string]Value {
	out := map[string]Value{}
	for name, declared := range p.Properties {
		declaration, _ := declared.(map[string]Value)
		for _, key := range []string{"default", "value"} {
			if v, ok := declaration[key]; ok {
				out[name] = v
			}
		}
	}
	return out
}

// PluginUse is one plugin with the executor that a node runs it on.
type PluginUse struct {
	Name     string `json:"name"`
	Executor string `json:"executor"`
}

// Group is a named set of nodes or groups with its legacy policies.
type Group struct {
	Members  []string         `json:"members"`
	Policies map[string]Value `json:"policies,omitempty"`
}

// Policy is a scaling policy over groups.
type Policy struct {
	Type       string           `json:"type"`
	Targets    []string         `json:"targets"`
	Properties map[string]Value `json:"properties,omitempty"`
}

// ScalingGroup is a group that a scaling policy targets.
type ScalingGroup struct {
	Members    []string       `json:"members"`
	Properties InstanceCounts `json:"properties"`
}

// Requirements is what a plan mentions and a deployment must find.
type Requirements struct {
	Secrets            []Value   `json:"secrets,omitempty"` // names, or expressions that yield one
	ParentCapabilities [][]Value `json:"parent_capabilities,omitempty"`
}
