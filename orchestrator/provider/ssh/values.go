package ssh

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// The functions here read inputs leniently, as blueprints write them: a number
// may be a text, a truth may be "true".

func hidden(value orchestrator.Value) bool {
	switch value := value.(type) {
	case bool:
		return value
	case string: // "both", "stdout", "everything"
		return value != "" && !strings.EqualFold(value, "false") && !strings.EqualFold(value, "none")
	case []orchestrator.Value:
		return len(value) > 0
	default:
		return false
	}
}

func truth(value orchestrator.Value, otherwise bool) bool {
	switch value := value.(type) {
	case bool:
		return value
	case string:
		if parsed, err := strconv.ParseBool(strings.ToLower(value)); err == nil {
			return parsed
		}
	}
	return otherwise
}

func number(value orchestrator.Value) (float64, error) {
	switch value := value.(type) {
	case int64:
		return float64(value), nil
	case float64:
		return value, nil
	case string:
		n, err := strconv.ParseFloat(value, 64)
		if err == nil && (math.IsNaN(n) || math.IsInf(n, 0)) {
			err = fmt.Errorf("%q is not a finite number", value)
		}
		return n, err
	default:
		return 0, fmt.Errorf("%T is not a number", value)
	}
}

func firstOf(values ...orchestrator.Value) orchestrator.Value {
	for _, value := range values {
		if value != nil {
			return value
		}
	}
	return nil
}

func firstText(values ...orchestrator.Value) string {
	for _, value := range values {
		if text, ok := value.(string); ok && text != "" {
			return text
		}
	}
	return ""
}
