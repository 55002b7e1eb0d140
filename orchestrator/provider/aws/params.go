package aws

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

// Runtime properties and properties by name.
const (
	idKey             = "aws_resource_id"
	configKey         = "resource_config"
	responseKey       = "create_response"
	mainRouteTableKey = "main_route_table_id"
	routeTableIDKey   = "routetable_id"
	destinationKey    = "DestinationCidrBlock"
	allocationIDKey   = "allocation_id"
	associationIDKey  = "association_id"
	associationIDsKey = "association_ids"
	attachmentIDKey   = "attachment_id"
	deviceIndexKey    = "device_index"

	resourceIDProperty = "resource_id"
)

// parameters returns what the blueprint wants to send: the operation's
// resource_config instead of the node's, that instead of the recorded one; its
// kwargs laid over it; what is empty left out. EC2 has no parameter for which an
// empty string means anything but "not given", so KeyName: "" is no key.
func parameters(call *provider.Call) map[string]orchestrator.Value {
	for _, source := range []orchestrator.Value{call.Inputs[configKey], call.Self.Properties[configKey], call.Self.Runtime[configKey]} {
		if config := flatten(source); len(config) > 0 {
			return config
		}
	}
	return map[string]orchestrator.Value{}
}

func flatten(source orchestrator.Value) map[string]orchestrator.Value {
	config := table(source)
	flat := make(map[string]orchestrator.Value, len(config))
	for key, value := range config {
		if key != "kwargs" && !isEmpty(value) {
			flat[key] = value
		}
	}
	for key, value := range table(config["kwargs"]) {
		delete(flat, key)
		if !isEmpty(value) {
			flat[key] = value
		}
	}
	return flat
}

// table returns a map, opening a mark around the whole of it: marks deeper down
// stay where they are.
func table(value orchestrator.Value) map[string]orchestrator.Value {
	if marked, ok := value.(orchestrator.Sensitive); ok {
		inner, _ := marked.Open().(map[string]orchestrator.Value)
		kept := make(map[string]orchestrator.Value, len(inner))
		for key, item := range inner {
			kept[key] = orchestrator.Mark(item)
		}
		return kept
	}
	plain, _ := value.(map[string]orchestrator.Value)
	return plain
}

func isEmpty(value orchestrator.Value) bool {
	switch value := orchestrator.Reveal(value).(type) {
	case nil:
		return true
	case string:
		return value == ""
	case []orchestrator.Value:
		return len(value) == 0
	case map[string]orchestrator.Value:
		return len(value) == 0
	default:
		return false
	}
}

func isExternal(call *provider.Call) bool {
	return provider.IsTrue(call.Self.Properties["use_external_resource"])
}

// withInputs lays the operation's own inputs over the instance: runtime
// properties to write first, and an id to use instead of the recorded one.
func withInputs(call *provider.Call) *provider.Call {
	set := maps.Clone(table(call.Inputs["runtime_properties"]))
	if id := provider.Text(call.Inputs[idKey]); id != "" {
		if set == nil {
			set = map[string]orchestrator.Value{}
		}
		set[idKey] = id
	}
	return resource.With(call, set)
}

// setDefault fills in what the blueprint left out.
func setDefault(config map[string]orchestrator.Value, key, value string) {
	if _, given := lookupFirstLetterFree(config, key); !given && value != "" {
		config[key] = value
	}
}

func lookupFirstLetterFree(config map[string]orchestrator.Value, key string) (orchestrator.Value, bool) {
	if value, ok := config[key]; ok {
		return value, true
	}
	value, ok := config[strings.ToLower(key[:1])+key[1:]]
	return value, ok
}

// encodeUserData writes a plain cloud-init document the way the API wants it;
// what is base64 already stays as it is.
func encodeUserData(plain *string) *string {
	if plain == nil {
		return nil
	}
	if _, err := base64.StdEncoding.DecodeString(*plain); err == nil {
		return plain
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(*plain))
	return &encoded
}

// describe turns a structure of the SDK into a value with the API's own names,
// without what is not set.
func describe(answer any) (orchestrator.Value, error) {
	data, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("write description: %w", err)
	}
	value, err := orchestrator.DecodeValue(data)
	if err != nil {
		return nil, err
	}
	return withoutNulls(value), nil
}

func withoutNulls(value orchestrator.Value) orchestrator.Value {
	switch value := value.(type) {
	case map[string]orchestrator.Value:
		kept := make(map[string]orchestrator.Value, len(value))
		for key, item := range value {
			if item != nil && item != "" {
				kept[key] = withoutNulls(item)
			}
		}
		return kept
	case []orchestrator.Value:
		kept := make([]orchestrator.Value, len(value))
		for i, item := range value {
			kept[i] = withoutNulls(item)
		}
		return kept
	default:
		return value
	}
}
