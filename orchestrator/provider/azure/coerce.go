package azure

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Old blueprints write numbers as text and ports as numbers; Azure is strict.
var (
	integers = []string{
		"count", "minCount", "maxCount", "maxPods", "osDiskSizeGB", "diskSizeGB", "priority",
		"idleTimeoutInMinutes", "shareQuota", "platformFaultDomainCount", "platformUpdateDomainCount",
	}
	texts = []string{"sourcePortRange", "destinationPortRange", "sourcePortRanges", "destinationPortRanges", "kubernetesVersion"}
)

// coerce gives a value the type that a key of that name has in the API.
func coerce(name string, value orchestrator.Value) orchestrator.Value {
	if given, ok := value.(string); ok && slices.Contains(integers, name) {
		if n, err := strconv.ParseInt(given, 10, 64); err == nil {
			return n
		}
	}
	if slices.Contains(texts, name) && value != nil {
		return asText(value)
	}
	return value
}

// asText prints a scalar as a blueprint's author wrote it.
func asText(value orchestrator.Value) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	default:
		return fmt.Sprint(value)
	}
}
