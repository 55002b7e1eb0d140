package eval

import "github.com/slipwayhq/slipway/orchestrator"

// functions are the intrinsic functions by name.
var functions = map[string]bool{
	"get_input":                  true,
	"get_property":               true,
	"concat":                     true,
	"merge":                      true,
	"string_find":                true,
	"string_replace":             true,
	"string_split":               true,
	"string_lower":               true,
	"string_upper":               true,
	"get_attribute":              true,
	"get_attributes_list":        true,
	"get_attributes_dict":        true,
	"get_secret":                 true,
	"get_capability":             true,
	"get_group_capability":       true,
	"get_environment_capability": true,
	"get_label":                  true,
	"get_sys":                    true,
	"get_consumers":              true,
}

// behaviour is how a function checks the form of its arguments, which may hold
// calls, and how it answers once they are evaluated; ErrUnknown leaves the call
// as it is.
type behaviour struct {
	check  func(args Value) error
	answer func(r *run, c Call, f frame) (Value, error)
}

// behaviourOf is a switch, not a table, because answers evaluate further calls.
func behaviourOf(name string) behaviour {
	switch name {
	case "get_input":
		return behaviour{checkGetInput, (*run).getInput}
	case "get_property":
		return behaviour{checkPath, (*run).getProperty}
	case "concat":
		return behaviour{checkConcat, (*run).concat}
	case "merge":
		return behaviour{checkMerge, (*run).merge}
	case "string_find":
		return behaviour{checkStringFind, (*run).stringFind}
	case "string_replace":
		return behaviour{checkStringReplace, (*run).stringReplace}
	case "string_split":
		return behaviour{checkStringSplit, (*run).stringSplit}
	case "string_lower":
		return behaviour{checkOneText, (*run).stringLower}
	case "string_upper":
		return behaviour{checkOneText, (*run).stringUpper}
	case "get_attribute":
		return behaviour{checkPath, (*run).getAttribute}
	case "get_attributes_list":
		return behaviour{checkPath, (*run).getAttributesList}
	case "get_attributes_dict":
		return behaviour{checkAttributesDict, (*run).getAttributesDict}
	case "get_secret":
		return behaviour{checkGetSecret, (*run).getSecret}
	case "get_capability":
		return behaviour{checkGetCapability, (*run).getCapability}
	case "get_group_capability":
		return behaviour{checkGroupCapability, (*run).getGroupCapability}
	case "get_environment_capability":
		return behaviour{checkEnvironmentCapability, (*run).getEnvironmentCapability}
	case "get_label":
		return behaviour{checkGetLabel, (*run).getLabel}
	case "get_sys":
		return behaviour{checkGetSys, (*run).getSys}
	default:
		return behaviour{checkGetConsumers, (*run).getConsumers}
	}
}

// Names lists the functions, sorted.
func Names() []string { return orchestrator.SortedKeys(functions) }

// IsFunction reports whether an intrinsic function has that name.
func IsFunction(name string) bool { return functions[name] }
