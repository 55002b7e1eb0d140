package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parseValues reads inputs or parameters as cfy writes them: name=value (also
// several, separated by semicolons), a YAML file, or a YAML or JSON map. Later
// ones win. Values of name=value are texts; the server turns them into the
// declared types.
func parseValues(given []string) (map[string]any, error) {
	values := map[string]any{}
	for _, one := range given {
		parsed, err := parseValue(one)
		if err != nil {
			return nil, &UsageError{err}
		}
		maps.Copy(values, parsed)
	}
	return values, nil
}

func parseValue(given string) (map[string]any, error) {
	if strings.HasPrefix(strings.TrimSpace(given), "{") {
		return parseYAML([]byte(given), "the inputs "+abbreviate(given))
	}
	if info, err := os.Stat(given); err == nil && info.Mode().IsRegular() {
		data, err := os.ReadFile(given)
		if err != nil {
			return nil, fmt.Errorf("read inputs: %w", err)
		}
		return parseYAML(data, given)
	}
	return parsePairs(given)
}

// parsePairs reads name=value;name=value. A semicolon or equals sign that
// belongs to a value is written with a backslash.
func parsePairs(given string) (map[string]any, error) {
	values := map[string]any{}
	for _, pair := range splitEscaped(given, ';') {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, found := strings.Cut(pair, "=")
		if !found {
			return nil, fmt.Errorf("%q is neither name=value, nor a file, nor a JSON map", abbreviate(pair))
		}
		values[strings.TrimSpace(name)] = strings.ReplaceAll(value, `\=`, "=")
	}
	return values, nil
}

func splitEscaped(s string, separator rune) []string {
	parts := []string{""}
	escaped := false
	for _, r := range s {
		last := &parts[len(parts)-1]
		switch {
		case escaped && r == separator:
			*last = strings.TrimSuffix(*last, `\`) + string(r)
		case r == separator:
			parts = append(parts, "")
		default:
			*last += string(r)
		}
		escaped = r == '\\'
	}
	return parts
}

func parseYAML(data []byte, from string) (map[string]any, error) {
	var values map[string]any
	err := yaml.Unmarshal(data, &values)
	if mistyped, ok := errors.AsType[*yaml.TypeError](err); ok && len(mistyped.Errors) > 0 {
		line, _, _ := strings.Cut(mistyped.Errors[0], ":") // the rest speaks of Go
		return nil, fmt.Errorf("%s must hold a map of names and values; at %s it does not", from, line)
	}
	if err != nil {
		return nil, fmt.Errorf("%s is not YAML: %s", from, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	// What JSON cannot say is found here.
	if _, err := json.Marshal(values); err != nil {
		return nil, fmt.Errorf("%s holds a map whose keys are not texts, or a number that is none; write keys in quotes", from)
	}
	return values, nil
}

// abbreviate cuts a text to what fits beside others.
func abbreviate(s string) string {
	const most = 100
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// parseLabels reads labels as cfy writes them: key:value, separated by commas.
func parseLabels(given string) ([]map[string]string, error) {
	labels := []map[string]string{}
	for _, one := range splitEscaped(given, ',') {
		if strings.TrimSpace(one) == "" {
			continue
		}
		parts := splitEscaped(one, ':')
		if len(parts) != 2 || strings.TrimSpace(parts[0]) == "" {
			return nil, &UsageError{fmt.Errorf("the label %q is not key:value", one)}
		}
		key := strings.ToLower(strings.TrimSpace(parts[0]))
		labels = append(labels, map[string]string{key: strings.TrimSpace(parts[1])})
	}
	return labels, nil
}
