package aws

import (
	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// related returns the targets of a node type in template order. Relationships
// are found by the type of their target, whatever the relationship is called.
func related(call *provider.Call, typeName string) []*provider.Instance {
	var found []*provider.Instance
	for _, relationship := range call.Self.Relationships {
		if relationship.Target != nil && relationship.Target.Is(typeName) {
			found = append(found, relationship.Target)
		}
	}
	return found
}

// relatedID returns the id of the first target of a type, or "".
func relatedID(call *provider.Call, typeName string) string {
	for _, target := range related(call, typeName) {
		if id := instanceID(target); id != "" {
			return id
		}
	}
	return ""
}

// relatedIDs returns the ids of all targets of a type.
func relatedIDs(call *provider.Call, typeName string) []orchestrator.Value {
	var ids []orchestrator.Value
	for _, target := range related(call, typeName) {
		if id := instanceID(target); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// instanceID is the recorded id, else the one that an external node names.
func instanceID(instance *provider.Instance) string {
	if id := provider.Text(instance.Runtime[idKey]); id != "" {
		return id
	}
	if provider.IsTrue(instance.Properties["use_external_resource"]) {
		return provider.Text(instance.Properties[resourceIDProperty])
	}
	return ""
}
