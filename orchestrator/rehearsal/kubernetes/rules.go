package kubernetes

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// normalize does what an API server does to an object before it looks at it.
func normalize(k kind, object document) {
	switch {
	case isSecret(k):
		// stringData is write-only: it is merged into data.
		if plain, ok := object["stringData"].(document); ok {
			data := rehearsal.Part(object, "data")
			for key, value := range plain {
				if s, ok := value.(string); ok {
					data[key] = base64.StdEncoding.EncodeToString([]byte(s))
				}
			}
			delete(object, "stringData")
		}
		if object["type"] == nil {
			object["type"] = "Opaque"
		}
	case k.resource == "services":
		spec := rehearsal.Part(object, "spec")
		if spec["type"] == nil {
			spec["type"] = "ClusterIP"
		}
	case scales(k):
		spec := rehearsal.Part(object, "spec")
		if spec["replicas"] == nil {
			spec["replicas"] = 1.0
		}
	}
}

func scales(k kind) bool {
	return slices.Contains([]string{"deployments", "replicasets", "statefulsets"}, k.resource)
}

func hasPods(k kind) bool { return scales(k) || k.resource == "daemonsets" }

func invalid(k kind, object document, format string, args ...any) error {
	refusal := rehearsal.Refuse(http.StatusUnprocessableEntity, "Invalid", format, args...)
	refusal.Message = k.name + " \"" + text(object, "metadata", "name") + "\" is invalid: " + refusal.Message
	return refusal
}

// mistyped is how an API server refuses an apply with a value that should be a
// text: with status 500 and no reason.
func mistyped(k kind, object document, path string, value any) error {
	return rehearsal.Refuse(http.StatusInternalServerError, "", "failed to create typed patch object (%s/%s; %s, Kind=%s): %s: expected string, got &value.valueUnstructured{Value:%v}",
		text(object, "metadata", "namespace"), text(object, "metadata", "name"), k.group+"/"+k.version, k.name, path, value)
}

// check refuses what a real API server would refuse. before is nil for a new
// object.
func check(k kind, object, before document) error {
	if err := checkMetadata(k, object); err != nil {
		return err
	}
	switch {
	case hasPods(k):
		return checkPods(k, object, before)
	case k.resource == "services":
		return checkService(k, object)
	case k.resource == "configmaps" || isSecret(k):
		return checkData(k, object)
	case k.resource == "rolebindings" || k.resource == "clusterrolebindings":
		return checkBinding(k, object, before)
	}
	return nil
}

func checkMetadata(k kind, object document) error {
	name := text(object, "metadata", "name")
	problems := validation.IsDNS1123Subdomain(name)
	if k.group == "rbac.authorization.k8s.io" {
		problems = nil // any path segment will do
	}
	if isNamespace(k) || k.resource == "services" {
		problems = validation.IsDNS1123Label(name)
	}
	if len(problems) > 0 {
		return invalid(k, object, "metadata.name: Invalid value: %q: %s", name, problems[0])
	}
	labels, _ := field(object, "metadata", "labels").(document)
	for _, key := range orchestrator.SortedKeys(labels) {
		value, ok := labels[key].(string)
		if !ok {
			return mistyped(k, object, ".metadata.labels."+key, labels[key])
		}
		if problems := append(validation.IsQualifiedName(key), validation.IsValidLabelValue(value)...); len(problems) > 0 {
			return invalid(k, object, "metadata.labels: Invalid value: %q: %s", value, problems[0])
		}
	}
	annotations, _ := field(object, "metadata", "annotations").(document)
	for _, key := range orchestrator.SortedKeys(annotations) {
		if _, ok := annotations[key].(string); !ok {
			return mistyped(k, object, ".metadata.annotations."+key, annotations[key])
		}
	}
	return nil
}

func checkPods(k kind, object, before document) error {
	selector, _ := field(object, "spec", "selector", "matchLabels").(document)
	if len(selector) == 0 {
		return invalid(k, object, "spec.selector: Required value")
	}
	labels, _ := field(object, "spec", "template", "metadata", "labels").(document)
	for key, value := range selector {
		if labels[key] != value {
			return invalid(k, object, "spec.template.metadata.labels: Invalid value: `selector` does not match template `labels`")
		}
	}
	if before != nil && !reflect.DeepEqual(field(object, "spec", "selector"), field(before, "spec", "selector")) {
		return invalid(k, object, "spec.selector: Invalid value: field is immutable")
	}
	containers, _ := field(object, "spec", "template", "spec", "containers").([]any)
	if len(containers) == 0 {
		return invalid(k, object, "spec.template.spec.containers: Required value")
	}
	for i, each := range containers {
		container, _ := each.(document)
		if text(container, "name") == "" || text(container, "image") == "" {
			return invalid(k, object, "spec.template.spec.containers[%d]: Required value: name and image", i)
		}
		if err := checkVariables(k, object, container); err != nil {
			return err
		}
	}
	return nil
}

// checkVariables refuses what authors get wrong most: a variable that is no text.
func checkVariables(k kind, object, container document) error {
	variables, _ := container["env"].([]any)
	for _, each := range variables {
		variable, _ := each.(document)
		if value, given := variable["value"]; given {
			if _, ok := value.(string); !ok {
				return mistyped(k, object, fmt.Sprintf(".spec.template.spec.containers[name=%q].env[name=%q].value", text(container, "name"), text(variable, "name")), value)
			}
		}
	}
	return nil
}

func checkService(k kind, object document) error {
	ports, _ := field(object, "spec", "ports").([]any)
	if len(ports) == 0 && text(object, "spec", "type") != "ExternalName" && text(object, "spec", "clusterIP") != "None" {
		return invalid(k, object, "spec.ports: Required value")
	}
	for i, each := range ports {
		port, _ := each.(document)
		if n, ok := number(port, "port"); !ok || n < 1 || n > 65535 {
			return invalid(k, object, "spec.ports[%d].port: Invalid value: must be between 1 and 65535, inclusive", i)
		}
	}
	return nil
}

func checkData(k kind, object document) error {
	data, _ := object["data"].(document)
	for _, key := range orchestrator.SortedKeys(data) {
		value, ok := data[key].(string)
		if !ok {
			return mistyped(k, object, ".data."+key, data[key])
		}
		if problems := validation.IsConfigMapKey(key); len(problems) > 0 {
			return invalid(k, object, "data[%s]: Invalid value: %s", key, problems[0])
		}
		if _, err := base64.StdEncoding.DecodeString(value); err != nil && isSecret(k) {
			return rehearsal.Refuse(http.StatusInternalServerError, "", "failed to convert new object (%s/%s; /v1, Kind=Secret) to proper version: data[%s]: %v",
				text(object, "metadata", "namespace"), text(object, "metadata", "name"), key, err)
		}
	}
	return nil
}

func checkBinding(k kind, object, before document) error {
	if text(object, "roleRef", "kind") == "" || text(object, "roleRef", "name") == "" {
		return invalid(k, object, "roleRef: Required value: kind and name")
	}
	if before != nil && !reflect.DeepEqual(object["roleRef"], before["roleRef"]) {
		return invalid(k, object, "roleRef: Invalid value: cannot change roleRef")
	}
	return nil
}
