package ctxproxy

import (
	"encoding/json"
	"fmt"

	"github.com/slipwayhq/slipway/orchestrator"
)

// text is a value as a client prints it: nothing for what is empty, True as
// existing scripts expect it, JSON for maps and lists.
func text(v orchestrator.Value) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return ""
	case int64:
		if v == 0 {
			return ""
		}
		return fmt.Sprint(v)
	case []orchestrator.Value:
		if len(v) == 0 {
			return ""
		}
	case map[string]orchestrator.Value:
		if len(v) == 0 {
			return ""
		}
	}
	out, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(out)
}
