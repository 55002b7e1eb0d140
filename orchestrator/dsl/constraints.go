package dsl

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/diag"
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// argumentKind is what a constraint takes as its argument.
type argumentKind string

const (
	scalarArgument   argumentKind = "scalar"
	sequenceArgument argumentKind = "sequence"
	rangeArgument    argumentKind = "dual_scalar"
	regexArgument    argumentKind = "regex"
	stringArgument   argumentKind = "string"
	dictArgument     argumentKind = "dict"
)

// operator is one kind of constraint.
type operator struct {
	argument argumentKind
	// holds reports whether a value passes; nil for constraints that only a
	// look-up can check.
	holds func(value, argument Value) (bool, error)
	// types are the input types that the constraint is made for; empty for all.
	types []string
}

var (
	// objectTypes are types whose values name something that exists.
	objectTypes = []string{"blueprint_id", "deployment_id", "capability_value", "scaling_group", "node_id", "node_type", "node_instance", "secret_key", "operation_name"}
	// partTypes are those of them that are found within one deployment.
	partTypes = []string{"capability_value", "scaling_group", "node_id", "node_type", "node_instance", "operation_name"}
	idTypes   = []string{"deployment_id", "blueprint_id"}

	nameSpecs = []string{"contains", "starts_with", "ends_with", "equals_to"}
)

var operators = map[string]operator{
	"equal":            {argument: scalarArgument, holds: func(v, a Value) (bool, error) { return equal(v, a), nil }},
	"greater_than":     {argument: scalarArgument, holds: compare(func(c int) bool { return c > 0 })},
	"greater_or_equal": {argument: scalarArgument, holds: compare(func(c int) bool { return c >= 0 })},
	"less_than":        {argument: scalarArgument, holds: compare(func(c int) bool { return c < 0 })},
	"less_or_equal":    {argument: scalarArgument, holds: compare(func(c int) bool { return c <= 0 })},
	"in_range":         {argument: rangeArgument, holds: inRange},
	"valid_values":     {argument: sequenceArgument, holds: isMember},
	"length":           {argument: scalarArgument, holds: size(func(n, limit float64) bool { return n == limit })},
	"min_length":       {argument: scalarArgument, holds: size(func(n, limit float64) bool { return n >= limit })},
	"max_length":       {argument: scalarArgument, holds: size(func(n, limit float64) bool { return n <= limit })},
	"pattern":          {argument: regexArgument, holds: matches},
	"filter_id":        {argument: stringArgument, types: idTypes},
	"labels":           {argument: sequenceArgument, types: idTypes},
	"tenants":          {argument: sequenceArgument, types: idTypes},
	"name_pattern":     {argument: dictArgument, types: objectTypes},
	"deployment_id":    {argument: stringArgument, types: partTypes},
}

// constraintsOf reads the constraints of an input or a workflow's parameter.
func (c *compiler) constraintsOf(n *node, path string) []orchestrator.Constraint {
	var out []orchestrator.Constraint
	for i, item := range n.list() {
		if item.kind != mapKind {
			continue // reported with the structure
		}
		where := indexed(path, i)
		constraint := orchestrator.Constraint{}
		names := []string{}
		for _, e := range item.all() {
			if e.key == "error_message" {
				if c.tooNew(v1_5, e.at) {
					c.failTooNew(v1_5, e.at, where, "error_message")
				}
				constraint.Message = e.value.text()
				continue
			}
			names = append(names, e.key)
			constraint.Operator, constraint.Argument = e.key, e.value.value()
		}
		if len(names) != 1 {
			d := c.fail(codeUnknownType, item.at, where, "a constraint is one operator with its argument, not %d", len(names))
			if len(names) > 1 {
				d.Hint = "write each one as an item of its own"
			}
			continue
		}
		op, ok := operators[constraint.Operator]
		if !ok {
			d := c.fail(codeUnknownType, item.at, where, "there is no constraint %s", constraint.Operator)
			suggest(d, constraint.Operator, maps.Keys(operators))
			continue
		}
		if !op.argument.accepts(constraint.Argument) {
			at := item.locateValue(item.at, constraint.Operator)
			d := c.fail(codeConstraintArgument, at, where, "the constraint %s takes %s, not %s", constraint.Operator, op.argument.describe(), describe(constraint.Argument))
			if text, ok := constraint.Argument.(string); ok {
				op.argument.correct(d, constraint.Operator, text)
			}
			continue
		}
		out = append(out, constraint)
	}
	return out
}

// correct makes more of a finding about an argument that is a text.
func (k argumentKind) correct(d *diag.Diagnostic, operator, text string) {
	switch k {
	case regexArgument:
		_, err := compileRegex(text)
		d.Message = fmt.Sprintf("the constraint %s: %v", operator, err)
		if reason, ok := errors.AsType[*syntax.Error](err); ok && reason.Code == syntax.ErrInvalidPerlOp || strings.Contains(text, `\1`) {
			d.Hint = "look-around and back references cannot be used"
		}
	case sequenceArgument:
		d.Hint = fmt.Sprintf("write [%s]", text)
	case scalarArgument:
		if isDigits(text) {
			d.Hint = "write it without quotes"
		}
	}
}

func (k argumentKind) describe() string {
	switch k {
	case scalarArgument:
		return "a number"
	case sequenceArgument:
		return "a list"
	case rangeArgument:
		return "a list of two numbers"
	case regexArgument:
		return "a regular expression"
	case stringArgument:
		return "a string"
	default:
		return "a map of " + strings.Join(nameSpecs, ", ")
	}
}

// accepts reports whether v may be an argument; a call may always.
func (k argumentKind) accepts(v Value) bool {
	if isCall(v) {
		return true
	}
	switch k {
	case scalarArgument:
		return isNumber(v)
	case sequenceArgument:
		_, ok := v.([]Value)
		return ok
	case rangeArgument:
		list, ok := v.([]Value)
		return ok && len(list) == 2 && isNumber(list[0]) && isNumber(list[1])
	case regexArgument:
		return fitsPrimitive(v, "regex")
	case stringArgument:
		_, ok := v.(string)
		return ok
	default:
		_, ok := v.(map[string]Value)
		return ok
	}
}

func isNumber(v Value) bool {
	switch v.(type) {
	case int64, float64:
		return true
	}
	return false
}

// number reads a number as the original compares it: true is 1.
func number(v Value) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

func equal(a, b Value) bool {
	x, xok := number(a)
	y, yok := number(b)
	if xok && yok {
		return x == y
	}
	return reflect.DeepEqual(a, b)
}

func compare(want func(int) bool) func(v, a Value) (bool, error) {
	return func(v, a Value) (bool, error) {
		x, xok := number(v)
		y, yok := number(a)
		if !xok || !yok {
			return false, fmt.Errorf("%s cannot be compared with a number", eval.Kind(v))
		}
		switch {
		case x < y:
			return want(-1), nil
		case x > y:
			return want(1), nil
		}
		return want(0), nil
	}
}

func inRange(v, a Value) (bool, error) {
	bounds, _ := a.([]Value)
	if len(bounds) != 2 {
		return false, errors.New("the range is not known")
	}
	low, err := compare(func(c int) bool { return c >= 0 })(v, bounds[0])
	if err != nil || !low {
		return false, err
	}
	return compare(func(c int) bool { return c <= 0 })(v, bounds[1])
}

func isMember(v, a Value) (bool, error) {
	list, _ := a.([]Value)
	return slices.ContainsFunc(list, func(item Value) bool { return equal(v, item) }), nil
}

func size(want func(n, limit float64) bool) func(v, a Value) (bool, error) {
	return func(v, a Value) (bool, error) {
		limit, ok := number(a)
		if !ok {
			return false, errors.New("the length to compare with is not known")
		}
		switch v := v.(type) {
		case string:
			return want(float64(len([]rune(v))), limit), nil
		case []Value:
			return want(float64(len(v)), limit), nil
		case map[string]Value:
			return want(float64(len(v)), limit), nil
		}
		return false, fmt.Errorf("%s has no length", eval.Kind(v))
	}
}

func matches(v, a Value) (bool, error) {
	text, ok := v.(string)
	if !ok {
		return false, fmt.Errorf("%s cannot be matched with a pattern", eval.Kind(v))
	}
	pattern, _ := a.(string)
	re, err := compileRegex(pattern)
	if err != nil {
		return false, err
	}
	return re.MatchString(text), nil
}

// violation says why a value does not pass the constraints; empty when it does.
// Those that only a look-up can check are left to it.
func violation(input orchestrator.Input, value Value) string {
	values := []Value{value}
	if list, ok := value.([]Value); ok && input.ItemType != "" {
		values = list
	}
	for _, v := range values {
		for _, constraint := range input.Constraints {
			if reason := violates(input, constraint, v); reason != "" {
				return reason
			}
		}
	}
	return ""
}

func violates(input orchestrator.Input, constraint orchestrator.Constraint, v Value) string {
	op := operators[constraint.Operator]
	kind := input.Type
	if input.ItemType != "" {
		kind = input.ItemType
	}
	if len(op.types) > 0 && !slices.Contains(op.types, kind) {
		return fmt.Sprintf("the constraint %s is made for %s, not for the type %s", constraint.Operator, strings.Join(op.types, ", "), kind)
	}
	if op.holds == nil {
		return ""
	}
	ok, err := op.holds(v, constraint.Argument)
	switch {
	case err != nil && constraint.Message == "":
		return err.Error()
	case ok && err == nil:
		return ""
	case constraint.Message != "":
		return constraint.Message
	}
	return fmt.Sprintf("%s does not fulfil %s: %s", show(v), constraint.Operator, show(constraint.Argument))
}

// show writes a value for a person.
func show(v Value) string {
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	if list, ok := v.([]Value); ok {
		items := make([]string, len(list))
		for i, item := range list {
			items[i] = show(item)
		}
		return strings.Join(items, ", ")
	}
	return fmt.Sprint(v)
}
