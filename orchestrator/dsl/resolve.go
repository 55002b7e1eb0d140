package dsl

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/diag"
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// InputOptions say how given inputs are read.
type InputOptions struct {
	// Convert turns a text into the number or boolean that the input wants, as
	// for values from a command line or a form.
	Convert bool
	// Find reports whether the thing that an input of an object type names is
	// there; nil leaves such inputs unchecked.
	Find func(ObjectQuery) (bool, error)
	// InDeployment and InBlueprint say that a deployment or blueprint is known
	// in which parts can be looked up without the constraint deployment_id.
	InDeployment, InBlueprint bool
}

// ObjectQuery asks whether something exists.
type ObjectQuery struct {
	Type  string // blueprint_id, node_id, …
	Value Value
	// Parameters are the constraints that what is found must fulfil, under the
	// names of the REST contract's search parameters; empty: any.
	Parameters map[string]Value
}

// ResolveInputs gives every declared input its value: the given one, else its
// default, else null where it is not required. It checks types and constraints.
// All that is wrong is in one *orchestrator.Error of code Invalid, with one
// sentence for each input in its Fields.
func ResolveInputs(plan *orchestrator.Plan, given map[string]Value, o InputOptions) (map[string]Value, error) {
	r := inputResolver{plan: plan, options: o, types: planTypes(plan), given: given, fields: map[string]string{}, values: make(map[string]Value, len(plan.Inputs))}
	for _, name := range orchestrator.SortedKeys(given) {
		if !slices.ContainsFunc(plan.Inputs, func(in orchestrator.Input) bool { return in.Name == name }) {
			r.unknown(name)
		}
	}
	for _, input := range plan.Inputs {
		r.choose(input)
	}
	for _, input := range plan.Inputs {
		if _, wrong := r.fields[input.Name]; !wrong {
			r.check(input)
		}
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return r.values, nil
}

type inputResolver struct {
	plan    *orchestrator.Plan
	options InputOptions
	types   map[string]*dataType
	given   map[string]Value
	values  map[string]Value
	fields  map[string]string // what is wrong, by input
	reason  string
	lookup  error
	filled  int
}

// The reasons of the REST contract for refused inputs.
const (
	reasonMissingInput = "missing_required_deployment_input_error"
	reasonUnknownInput = "unknown_deployment_input_error"
)

func (r *inputResolver) wrong(name, format string, args ...any) {
	if _, ok := r.fields[name]; !ok {
		r.fields[name] = fmt.Sprintf(format, args...)
	}
}

func (r *inputResolver) unknown(name string) {
	var names []string
	for _, in := range r.plan.Inputs {
		names = append(names, in.Name)
	}
	hint := diag.DidYouMean(name, names)
	if hint == "" {
		hint = "it has " + strings.Join(names, ", ")
	}
	r.wrong(name, "the blueprint has no such input; %s", hint)
	r.reason = reasonUnknownInput
}

// choose picks the value of an input, without looking at it.
func (r *inputResolver) choose(input orchestrator.Input) {
	value, isGiven := r.given[input.Name]
	switch {
	case isGiven:
		if r.options.Convert {
			value = convert(value, input.Type)
		}
	case input.HasDefault && input.Default != nil:
		value = input.Default
	case r.allDefaults(input) != nil:
		value = r.allDefaults(input)
	case input.Required:
		r.wrong(input.Name, "this input is required")
		r.reason = reasonMissingInput
		return
	}
	r.values[input.Name] = value
}

// allDefaults builds a value of a data type from nothing but its defaults; nil
// when that is not possible, or when nothing would be in it.
func (r *inputResolver) allDefaults(input orchestrator.Input) Value {
	if r.types[input.Type] == nil {
		return nil
	}
	complete := true
	f := &filler{types: r.types, filled: &r.filled, report: func(int, []string, string) *diag.Diagnostic {
		complete = false
		return &diag.Diagnostic{}
	}}
	built, _ := f.fit(map[string]Value{}, input.Type, nil).(map[string]Value)
	if !complete || len(built) == 0 {
		return nil
	}
	return built
}

// convert turns a text into what the type wants; what cannot be converted stays.
func convert(v Value, typeName string) Value {
	text, ok := v.(string)
	if !ok {
		return v
	}
	switch typeName {
	case "integer":
		if n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil {
			return n
		}
	case "float":
		if f, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
			return f
		}
	case "boolean":
		switch text {
		case "true":
			return true
		case "false":
			return false
		}
	}
	return v
}

// check checks the chosen value of an input and fills data types in.
func (r *inputResolver) check(input orchestrator.Input) {
	value, isGiven := r.values[input.Name], false
	if _, isGiven = r.given[input.Name]; !isGiven && (value == nil || eval.HasCalls(value)) {
		return // absent, or a default that is handed out as an expression
	}
	open := orchestrator.Reveal(value)
	if eval.HasCalls(open) {
		if len(input.Constraints) > 0 {
			r.wrong(input.Name, "a function cannot be checked against the constraints of this input")
		}
		return
	}
	if reason := violation(r.withKnownArguments(input), open); reason != "" {
		r.wrong(input.Name, "%s", reason)
	} else {
		r.checkType(input, value, open)
	}
	if _, wrong := r.fields[input.Name]; !wrong {
		r.lookUp(input, open)
	}
	if _, wrong := r.fields[input.Name]; wrong && orchestrator.IsSensitive(value) {
		r.fields[input.Name] = "this value does not fit; it is sensitive, so the reason is not shown"
	}
}

// withKnownArguments evaluates functions that stand as arguments of constraints.
func (r *inputResolver) withKnownArguments(input orchestrator.Input) orchestrator.Input {
	if !hasCallArgument(input.Constraints) {
		return input
	}
	input.Constraints = slices.Clone(input.Constraints)
	for i, constraint := range input.Constraints {
		argument, err := eval.Evaluate(eval.Static{Inputs: r.values}, eval.Place{}, constraint.Argument, "inputs."+input.Name)
		if err != nil {
			r.wrong(input.Name, "its constraint %s cannot be evaluated: %v", constraint.Operator, err)
			continue
		}
		input.Constraints[i].Argument = argument
	}
	return input
}

func (r *inputResolver) checkType(input orchestrator.Input, value, open Value) {
	_, isMap := open.(map[string]Value)
	_, isList := open.([]Value)
	if (input.Type == "string" || input.Type == "textarea") && (isMap || isList) {
		r.wrong(input.Name, "this must be a text, not %s", eval.Kind(open))
		return
	}
	f := &filler{types: r.types, filled: &r.filled, what: "this input", report: func(_ int, path []string, message string) *diag.Diagnostic {
		r.wrong(input.Name, "%s", message)
		return &diag.Diagnostic{}
	}}
	filled := f.fit(open, input.Type, nil)
	if list, ok := open.([]Value); ok && input.ItemType != "" {
		for i, item := range list {
			if !fitsPrimitive(item, input.ItemType) {
				r.wrong(input.Name, "item %d must be of type %s, not %s", i+1, input.ItemType, eval.Kind(item))
			}
		}
	}
	if r.types[input.Type] != nil {
		if orchestrator.IsSensitive(value) {
			filled = orchestrator.Mark(filled)
		}
		r.values[input.Name] = filled
	}
}

func (r *inputResolver) err() error {
	if r.lookup != nil {
		return fmt.Errorf("look up inputs: %w", r.lookup)
	}
	if len(r.fields) == 0 {
		return nil
	}
	names := orchestrator.SortedKeys(r.fields)
	lines := make([]string, len(names))
	for i, name := range names {
		lines[i] = fmt.Sprintf("%s: %s", name, r.fields[name])
	}
	err := orchestrator.Errorf(orchestrator.Invalid, "inputs are not right: %s", strings.Join(lines, "; ")).Because(r.reason)
	err.Fields = r.fields
	if len(names) == 1 {
		err.Field = names[0]
	}
	return err
}

// planTypes rebuilds the data types of a plan.
func planTypes(plan *orchestrator.Plan) map[string]*dataType {
	types := make(map[string]*dataType, len(plan.DataTypes))
	for name, t := range plan.DataTypes {
		s := newSchema()
		for _, key := range orchestrator.SortedKeys(t.Properties) {
			in := t.Properties[key]
			in.Name = key
			s.put(&property{Input: in})
		}
		types[name] = &dataType{name: name, derivedFrom: t.DerivedFrom, schema: s}
	}
	return types
}
