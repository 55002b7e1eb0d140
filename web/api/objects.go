package api

import (
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// common are the fields that every object of the contract has.
type common struct {
	Visibility           string  `json:"visibility"`
	TenantName           string  `json:"tenant_name"`
	CreatedBy            *string `json:"created_by"`
	ResourceAvailability string  `json:"resource_availability"`
	PrivateResource      bool    `json:"private_resource"`
}

func commonOf(team, createdBy string) common {
	return common{Visibility: "tenant", TenantName: team, CreatedBy: text(createdBy), ResourceAvailability: "tenant"}
}

// moment is a time as the contract writes it: null for none.
type moment time.Time

const momentLayout = "2006-01-02T15:04:05.000Z"

// MarshalJSON implements json.Marshaler.
func (m moment) MarshalJSON() ([]byte, error) {
	t := time.Time(m)
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + t.UTC().Format(momentLayout) + `"`), nil
}

// text is a string that is null when empty.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// values is a map that is never null, its marked parts hidden.
func values(m map[string]orchestrator.Value) map[string]orchestrator.Value {
	out := make(map[string]orchestrator.Value, len(m))
	for name, value := range m {
		out[name] = orchestrator.Redact(value)
	}
	return out
}

// labelObject is a label of a blueprint or deployment.
type labelObject struct {
	Key       string  `json:"key"`
	Value     string  `json:"value"`
	CreatedAt moment  `json:"created_at"`
	CreatedBy *string `json:"created_by"`
}

func labelObjects(labels []orchestrator.Label) []labelObject {
	objects := make([]labelObject, len(labels))
	for i, label := range labels {
		objects[i] = labelObject{label.Key, label.Value, moment(label.CreatedAt), text(label.CreatedBy)}
	}
	return objects
}

// inputObject is an input of a blueprint or a parameter of a workflow.
type inputObject struct {
	Type         string           `json:"type,omitempty"`
	ItemType     string           `json:"item_type,omitempty"`
	Default      any              `json:"default,omitempty"`
	Description  string           `json:"description,omitempty"`
	DisplayLabel string           `json:"display_label,omitempty"`
	Hidden       bool             `json:"hidden,omitempty"`
	Required     bool             `json:"required"`
	Constraints  []map[string]any `json:"constraints,omitempty"`
}

func inputObjects(inputs []orchestrator.Input) map[string]inputObject {
	objects := make(map[string]inputObject, len(inputs))
	for _, input := range inputs {
		object := inputObject{
			Type: input.Type, ItemType: input.ItemType, Description: input.Description,
			DisplayLabel: input.DisplayLabel, Hidden: input.Hidden, Required: input.Required,
		}
		if input.HasDefault {
			object.Default = orchestrator.Redact(input.Default)
		}
		for _, constraint := range input.Constraints {
			object.Constraints = append(object.Constraints, map[string]any{constraint.Operator: constraint.Argument})
		}
		objects[input.Name] = object
	}
	return objects
}

// outputObject defines an output or a capability.
type outputObject struct {
	Value       orchestrator.Value `json:"value"`
	Description string             `json:"description"`
}

func outputObjects(outputs []orchestrator.Output) map[string]outputObject {
	objects := make(map[string]outputObject, len(outputs))
	for _, output := range outputs {
		objects[output.Name] = outputObject{orchestrator.Redact(output.Value), output.Description}
	}
	return objects
}

// workflowObject is a workflow that may be started.
type workflowObject struct {
	Name              string                          `json:"name"`
	Plugin            string                          `json:"plugin"`
	Operation         string                          `json:"operation"`
	Parameters        map[string]inputObject          `json:"parameters"`
	IsCascading       bool                            `json:"is_cascading"`
	IsAvailable       *bool                           `json:"is_available"` // null in lists: found out for one deployment
	AvailabilityRules *orchestrator.AvailabilityRules `json:"availability_rules"`
}

func workflowObjects(workflows map[string]orchestrator.Workflow) []workflowObject {
	objects := make([]workflowObject, 0, len(workflows))
	for _, name := range orchestrator.SortedKeys(workflows) {
		w := workflows[name]
		objects = append(objects, workflowObject{
			Name: name, Plugin: w.Plugin, Operation: w.Function, Parameters: inputObjects(w.Parameters),
			IsCascading: w.IsCascading, AvailabilityRules: w.AvailabilityRules,
		})
	}
	return objects
}
