package provider

import (
	"slices"
	"strings"
	"unicode"

	"github.com/slipwayhq/slipway/orchestrator"
)

// SnakeKeys returns v with its maps' keys turned from camelCase to snake_case at
// every depth, as blueprints read a far end's answer from runtime properties.
// What is below a key of verbatim (tags, labels, data) stays as it is.
func SnakeKeys(v orchestrator.Value, verbatim ...string) orchestrator.Value {
	switch v := v.(type) {
	case orchestrator.Sensitive:
		return orchestrator.Mark(SnakeKeys(v.Open(), verbatim...))
	case []orchestrator.Value:
		out := make([]orchestrator.Value, len(v))
		for i, item := range v {
			out[i] = SnakeKeys(item, verbatim...)
		}
		return out
	case map[string]orchestrator.Value:
		out := make(map[string]orchestrator.Value, len(v))
		for key, item := range v {
			if !slices.Contains(verbatim, key) {
				item = SnakeKeys(item, verbatim...)
			}
			out[Snake(key)] = item
		}
		return out
	default:
		return v
	}
}

// Snake turns one name from camelCase to snake_case; an acronym is one word, in
// the plural too: enableIPForwarding is enable_ip_forwarding, outboundIPs is
// outbound_ips.
func Snake(name string) string {
	runes := []rune(name)
	var out strings.Builder
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && startsWord(runes, i) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

// startsWord reports whether the capital at i begins a word: it follows a small
// letter or digit, or ends an acronym by beginning the next word.
func startsWord(runes []rune, i int) bool {
	before := runes[i-1]
	if unicode.IsLower(before) || unicode.IsDigit(before) {
		return true
	}
	if !unicode.IsUpper(before) || i+1 == len(runes) || !unicode.IsLower(runes[i+1]) {
		return false
	}
	return !isPluralS(runes, i+1)
}

// isPluralS reports whether the letter at i is the s of an acronym's plural.
func isPluralS(runes []rune, i int) bool {
	return runes[i] == 's' && (i+1 == len(runes) || unicode.IsUpper(runes[i+1]))
}
