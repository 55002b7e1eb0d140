package azure

import (
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

type document = map[string]orchestrator.Value

// bodyOf is what to PUT, with everything opened, and the keys of resource_config
// that the kind does not have.
func bodyOf(call *provider.Call, k kind) (document, []string, error) {
	config := configOf(call)
	body, dropped := mapConfig(k, config)
	for _, name := range k.top {
		if given := call.Self.Properties[name]; given != nil && body[name] == nil && name != "location" && name != "tags" {
			body[name] = shape(name, orchestrator.Reveal(given))
		}
	}
	if slices.Contains(k.top, "location") && body["location"] == nil {
		location := locationOf(call.Self, climbLimit)
		if location == "" {
			return nil, nil, orchestrator.Errorf(orchestrator.Invalid, "node %s has no location; give it one", call.Self.NodeID)
		}
		body["location"] = location
	}
	if k.tagged {
		body["tags"] = tagsOf(call, body["tags"])
	}
	if err := connect(call, k, body); err != nil {
		return nil, nil, err
	}
	underlay(k, body)
	prune(body)
	return body, dropped, nil
}

// configOf is resource_config, with the operation's inputs laid over it.
func configOf(call *provider.Call) document {
	out := document{}
	for _, layer := range []orchestrator.Value{call.Self.Properties["resource_config"], call.Inputs["resource_config"], call.Inputs["args"]} {
		for key, value := range flatten(provider.Mapping(layer)) {
			out[key] = value
		}
	}
	return out
}

// flatten lays a nested "properties" flat, as the original did.
func flatten(config document) document {
	inner, ok := config["properties"].(document)
	if !ok {
		return config
	}
	out := document{}
	for key, value := range config {
		if key != "properties" {
			out[key] = value
		}
	}
	for key, value := range flatten(inner) {
		out[key] = value
	}
	return out
}

// mapConfig sorts the keys of a config into a body. Keys may be written in
// camelCase or snake_case; those that the kind does not have are named and left
// out, since Azure refuses them where the original's models dropped them.
func mapConfig(k kind, config document) (body document, dropped []string) {
	body = document{}
	properties := document{}
	for _, key := range orchestrator.SortedKeys(config) {
		if name, ok := match(k.top, key); ok {
			body[name] = shape(name, config[key])
		} else if name, ok := match(k.properties, key); ok {
			properties[name] = shapeChildren(k, name, config[key])
		} else if key == "accountType" || key == "account_type" {
			body["sku"] = document{"name": config[key]} // the storage API's old word
		} else {
			dropped = append(dropped, key)
		}
	}
	if len(k.properties) > 0 {
		body["properties"] = properties
	}
	return body, dropped
}

// match finds the name that a key means, whatever its spelling.
func match(names []string, key string) (string, bool) {
	at := slices.IndexFunc(names, func(name string) bool { return fold(name) == fold(key) })
	if at < 0 {
		return "", false
	}
	return names[at], true
}

func fold(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// userKeys are maps whose keys are the user's own.
var userKeys = []string{"tags", "nodeLabels", "metadata", "userAssignedIdentities"}

// shape spells the keys of nested maps in camelCase and gives values the type
// that the API wants.
func shape(name string, value orchestrator.Value) orchestrator.Value {
	switch value := value.(type) {
	case document:
		if slices.Contains(userKeys, name) {
			return orchestrator.CloneValue(value)
		}
		out := document{}
		for key, item := range value {
			out[camel(key)] = shape(camel(key), item)
		}
		return out
	case []orchestrator.Value:
		out := make([]orchestrator.Value, len(value))
		for i, item := range value {
			out[i] = shape(name, item)
		}
		return out
	default:
		return coerce(name, value)
	}
}

// shapeChildren puts the settings of items that are resources in themselves
// under "properties", which old blueprints leave out.
func shapeChildren(k kind, name string, value orchestrator.Value) orchestrator.Value {
	shaped := shape(name, value)
	list, ok := shaped.([]orchestrator.Value)
	if !ok || !slices.Contains(k.children, name) {
		return shaped
	}
	for i, item := range list {
		if child, ok := item.(document); ok {
			list[i] = wrap(child)
		}
	}
	return list
}

func wrap(child document) document {
	if _, ok := child["properties"]; ok {
		return child
	}
	out, properties := document{}, document{}
	for key, value := range child {
		if slices.Contains([]string{"id", "name", "zones", "sku"}, key) {
			out[key] = value
		} else {
			properties[key] = value
		}
	}
	out["properties"] = properties
	return out
}

// camel spells a snake_case key in camelCase; others stay.
func camel(key string) string {
	words := strings.Split(key, "_")
	for i, word := range words[1:] {
		if word != "" {
			words[i+1] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}

// tagsOf joins the blueprint's tags with those of ownership.
func tagsOf(call *provider.Call, fromConfig orchestrator.Value) document {
	tags := document{}
	for _, layer := range []orchestrator.Value{call.Self.Properties["tags"], fromConfig} {
		for key, value := range provider.Mapping(layer) {
			tags[key] = asText(value)
		}
	}
	for key, value := range call.OwnershipTags() {
		tags[key] = value
	}
	return tags
}

// underlay fills in the kind's defaults.
func underlay(k kind, body document) {
	for key, value := range k.defaults {
		into := body
		if slices.Contains(k.properties, key) {
			into, _ = body["properties"].(document)
		}
		if into != nil && isEmpty(into[key]) {
			into[key] = orchestrator.CloneValue(value)
		}
	}
}

// prune drops what is empty (null, "", {}), at every depth, as the original did:
// an empty Kubernetes version means Azure's default.
func prune(value orchestrator.Value) {
	switch value := value.(type) {
	case document:
		for key, item := range value {
			prune(item)
			if isEmpty(item) && key != "properties" {
				delete(value, key)
			}
		}
	case []orchestrator.Value:
		for _, item := range value {
			prune(item)
		}
	}
}

func isEmpty(value orchestrator.Value) bool {
	switch value := value.(type) {
	case nil:
		return true
	case string:
		return value == ""
	case document:
		return len(value) == 0
	}
	return false
}
