package workflow

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// firstBroken says which constraint a value breaks, as the end of a sentence
// that starts with the parameter's name; empty when it breaks none. Operators
// that need a look-up (filter_id, labels, name_pattern …) are left to who can
// look up.
func firstBroken(constraints []orchestrator.Constraint, value orchestrator.Value) string {
	for _, c := range constraints {
		demand, holds := judge(c, value)
		if holds {
			continue
		}
		if c.Message != "" {
			return c.Message
		}
		return demand
	}
	return ""
}

// judge puts a constraint into words and says whether the value meets it.
func judge(c orchestrator.Constraint, value orchestrator.Value) (string, bool) {
	switch c.Operator {
	case "equal":
		return fmt.Sprintf("must be %v", c.Argument), same(value, c.Argument)
	case "greater_than":
		return compared("above", c.Argument, value, func(a, b float64) bool { return a > b })
	case "greater_or_equal":
		return compared("at least", c.Argument, value, func(a, b float64) bool { return a >= b })
	case "less_than":
		return compared("below", c.Argument, value, func(a, b float64) bool { return a < b })
	case "less_or_equal":
		return compared("at most", c.Argument, value, func(a, b float64) bool { return a <= b })
	case "in_range":
		return inRange(c.Argument, value)
	case "valid_values":
		allowed, _ := c.Argument.([]orchestrator.Value)
		return "must be one of " + listed(allowed), slices.ContainsFunc(allowed, func(v orchestrator.Value) bool { return same(value, v) })
	case "length":
		return sized("exactly", c.Argument, value, func(a, b float64) bool { return a == b })
	case "min_length":
		return sized("at least", c.Argument, value, func(a, b float64) bool { return a >= b })
	case "max_length":
		return sized("at most", c.Argument, value, func(a, b float64) bool { return a <= b })
	case "pattern":
		return matches(c.Argument, value)
	default:
		return "", true
	}
}

func compared(words string, limit, value orchestrator.Value, holds func(a, b float64) bool) (string, bool) {
	a, isNumber := number(value)
	b, hasLimit := number(limit)
	return fmt.Sprintf("must be %s %v", words, limit), isNumber && hasLimit && holds(a, b)
}

func sized(words string, limit, value orchestrator.Value, holds func(a, b float64) bool) (string, bool) {
	size, hasSize := length(value)
	b, hasLimit := number(limit)
	return fmt.Sprintf("must have a length of %s %v", words, limit), hasSize && hasLimit && holds(float64(size), b)
}

func length(value orchestrator.Value) (int, bool) {
	switch v := value.(type) {
	case string:
		return len([]rune(v)), true
	case []orchestrator.Value:
		return len(v), true
	case map[string]orchestrator.Value:
		return len(v), true
	default:
		return 0, false
	}
}

func inRange(argument, value orchestrator.Value) (string, bool) {
	bounds, _ := argument.([]orchestrator.Value)
	if len(bounds) != 2 {
		return "cannot be checked: in_range needs two bounds", false
	}
	n, isNumber := number(value)
	low, hasLow := number(bounds[0])
	high, hasHigh := number(bounds[1])
	return fmt.Sprintf("must be between %v and %v", bounds[0], bounds[1]), isNumber && hasLow && hasHigh && low <= n && n <= high
}

// matches looks for the pattern from the start of the text, open at the end.
func matches(argument, value orchestrator.Value) (string, bool) {
	pattern, _ := argument.(string)
	text, isText := value.(string)
	expression, err := regexp.Compile(`\A(?:` + pattern + `)`)
	if err != nil {
		return "cannot be checked: its pattern is not a regular expression", false
	}
	return "must match " + pattern, isText && expression.MatchString(text)
}

// same compares as the DSL does: numbers by value, everything else by shape.
func same(a, b orchestrator.Value) bool {
	x, xNumber := number(a)
	y, yNumber := number(b)
	if xNumber && yNumber {
		return x == y
	}
	return reflect.DeepEqual(a, b)
}

func listed(values []orchestrator.Value) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ", ")
}
