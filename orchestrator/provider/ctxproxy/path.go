package ctxproxy

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// parsePath reads "a.b[0].c": names as strings, indexes as int64. A backslash
// takes the next character as it is, for names that hold a dot.
func parsePath(path string) ([]orchestrator.Value, error) {
	var keys []orchestrator.Value
	var name strings.Builder
	pending := false
	flush := func() {
		if pending {
			keys = append(keys, name.String())
		}
		name.Reset()
		pending = false
	}
	for i := 0; i < len(path); i++ {
		switch c := path[i]; c {
		case '\\':
			if i++; i < len(path) {
				name.WriteByte(path[i])
				pending = true
			}
		case '.':
			flush()
		case '[':
			flush()
			end := strings.IndexByte(path[i:], ']')
			if end < 0 {
				return nil, fmt.Errorf("path %q lacks a closing bracket", path)
			}
			index, err := strconv.ParseInt(path[i+1:i+end], 10, 64)
			if err != nil || index < 0 {
				return nil, fmt.Errorf("path %q has an index that is not a number from 0 on", path)
			}
			keys = append(keys, index)
			i += end
		default:
			name.WriteByte(c)
			pending = true
		}
	}
	flush()
	if len(keys) == 0 {
		return nil, fmt.Errorf("the path is empty")
	}
	return keys, nil
}

// read walks the path; what is not there is an error.
func read(from orchestrator.Value, path string) (orchestrator.Value, error) {
	keys, err := parsePath(path)
	if err != nil {
		return nil, err
	}
	value, ok := orchestrator.Lookup(from, keys...)
	if !ok {
		return nil, fmt.Errorf("there is no %q", path)
	}
	return value, nil
}

// assign returns old with value at the place that keys name. Maps on the way
// are made; a list grows by at most one item. A mark on the way stays, so that
// writing into a secret does not open it.
func assign(old orchestrator.Value, keys []orchestrator.Value, value orchestrator.Value) (orchestrator.Value, error) {
	if len(keys) == 0 {
		return value, nil
	}
	if marked, ok := old.(orchestrator.Sensitive); ok {
		changed, err := assign(marked.Open(), keys, value)
		if err != nil {
			return nil, err
		}
		return orchestrator.Mark(changed), nil
	}
	switch key := keys[0].(type) {
	case int64:
		return assignIndex(old, key, keys[1:], value)
	case string:
		return assignName(old, key, keys[1:], value)
	default:
		return nil, fmt.Errorf("%v is not a name or an index", key)
	}
}

func assignIndex(old orchestrator.Value, index int64, rest []orchestrator.Value, value orchestrator.Value) (orchestrator.Value, error) {
	list, ok := old.([]orchestrator.Value)
	if !ok && old != nil {
		return nil, fmt.Errorf("[%d] needs a list", index)
	}
	if index > int64(len(list)) {
		return nil, fmt.Errorf("[%d] is beyond the end of a list of %d", index, len(list))
	}
	out := append([]orchestrator.Value(nil), list...)
	if index == int64(len(out)) {
		out = append(out, nil)
	}
	item, err := assign(out[index], rest, value)
	if err != nil {
		return nil, err
	}
	out[index] = item
	return out, nil
}

func assignName(old orchestrator.Value, name string, rest []orchestrator.Value, value orchestrator.Value) (orchestrator.Value, error) {
	known, ok := old.(map[string]orchestrator.Value)
	if !ok && old != nil {
		return nil, fmt.Errorf("%q needs a map", name)
	}
	item, err := assign(known[name], rest, value)
	if err != nil {
		return nil, err
	}
	out := make(map[string]orchestrator.Value, len(known)+1)
	for key, kept := range known {
		out[key] = kept
	}
	out[name] = item
	return out, nil
}
