package workflow

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// ValidateParameters lays given values over the declared defaults, turns texts
// into the declared types (a command line sends only texts) and checks
// constraints. All faults come back in one error, each under its parameter in
// Fields. Functions are to be evaluated before; whether a node, a deployment
// or a secret of that name exists is for the caller to see.
func ValidateParameters(declared []orchestrator.Input, given map[string]orchestrator.Value, allowCustom bool) (map[string]orchestrator.Value, error) {
	out := make(map[string]orchestrator.Value, len(declared)+len(given))
	faults := map[string]string{}
	for _, parameter := range declared {
		value, ok := given[parameter.Name]
		switch {
		case ok:
			checked, fault := check(parameter, value)
			if fault != "" {
				faults[parameter.Name] = fault
			}
			out[parameter.Name] = checked
		case parameter.HasDefault || parameter.Default != nil:
			out[parameter.Name] = orchestrator.CloneValue(parameter.Default)
		case parameter.Required:
			faults[parameter.Name] = "is missing"
		}
	}
	for name, value := range given {
		if slices.ContainsFunc(declared, func(p orchestrator.Input) bool { return p.Name == name }) {
			continue
		}
		if out[name] = value; !allowCustom {
			faults[name] = "is not a parameter of this workflow; take it out, or allow custom parameters"
		}
	}
	if len(faults) > 0 {
		return nil, parameterError(faults)
	}
	return out, nil
}

func parameterError(faults map[string]string) error {
	var sentences []string
	for _, name := range orchestrator.SortedKeys(faults) {
		sentences = append(sentences, fmt.Sprintf("%s %s", name, faults[name]))
	}
	err := illegal("The parameters do not fit the workflow: %s.", strings.Join(sentences, "; "))
	err.Fields = faults
	if len(faults) == 1 {
		err.Field = orchestrator.SortedKeys(faults)[0]
	}
	return err
}

// illegal is an error about the parameters of an execution.
func illegal(format string, args ...any) *orchestrator.Error {
	return orchestrator.Errorf(orchestrator.Invalid, format, args...).Because("illegal_execution_parameters_error")
}

// check returns the value in the declared type, or what is wrong with it. The
// value itself is never quoted: it may be a secret. A mark stays on.
func check(parameter orchestrator.Input, value orchestrator.Value) (orchestrator.Value, string) {
	if marked, ok := value.(orchestrator.Sensitive); ok {
		checked, fault := check(parameter, marked.Open())
		return orchestrator.Mark(checked), fault
	}
	if value == nil && (!parameter.Required || parameter.HasDefault && parameter.Default == nil) {
		return nil, "" // null says what leaving it out says
	}
	checked, ok := coerce(parameter.Type, value)
	if !ok {
		return nil, "must be " + article(parameter.Type)
	}
	if parameter.ItemType == "" {
		return checked, firstBroken(parameter.Constraints, checked)
	}
	items, isList := checked.([]orchestrator.Value)
	if !isList {
		return nil, "must be a list"
	}
	out := make([]orchestrator.Value, len(items))
	for i, item := range items {
		one := parameter
		one.Type, one.ItemType = parameter.ItemType, ""
		var fault string
		if out[i], fault = check(one, item); fault != "" {
			return nil, fmt.Sprintf("has an item (number %d) that %s", i+1, fault)
		}
	}
	return out, ""
}

func article(typeName string) string {
	switch typeName {
	case "integer":
		return "an integer"
	case "float":
		return "a number"
	case "boolean":
		return "true or false"
	case "list":
		return "a list"
	case "dict":
		return "a map"
	case "regex":
		return "a regular expression"
	default:
		return "a text"
	}
}

// coerce turns a value into a type; false when it does not fit. A type that is
// none of these is an object type, whose value is a name, or a data type.
func coerce(typeName string, value orchestrator.Value) (orchestrator.Value, bool) {
	text, isText := value.(string)
	switch typeName {
	case "integer":
		if isText {
			n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			return n, err == nil
		}
		_, ok := value.(int64)
		return value, ok
	case "float":
		if isText {
			f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			return f, err == nil
		}
		_, ok := number(value)
		return value, ok
	case "boolean":
		if isText {
			b, known := map[string]bool{"true": true, "false": false}[strings.ToLower(strings.TrimSpace(text))]
			return b, known
		}
		_, ok := value.(bool)
		return value, ok
	case "string", "textarea":
		_, isList := value.([]orchestrator.Value)
		_, isMap := value.(map[string]orchestrator.Value)
		return value, !isList && !isMap
	case "list", "dict":
		return collection(typeName, value)
	case "regex":
		_, err := regexp.Compile(text)
		return value, isText && err == nil
	default:
		return value, true
	}
}

// collection accepts a list or map, also written as JSON text.
func collection(typeName string, value orchestrator.Value) (orchestrator.Value, bool) {
	if text, ok := value.(string); ok {
		var raw any
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&raw); err != nil || decoder.More() {
			return nil, false
		}
		value = orchestrator.FromJSON(raw)
	}
	_, isList := value.([]orchestrator.Value)
	_, isMap := value.(map[string]orchestrator.Value)
	return value, isList && typeName == "list" || isMap && typeName == "dict"
}

func number(value orchestrator.Value) (float64, bool) {
	switch n := value.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	default:
		return 0, false
	}
}
