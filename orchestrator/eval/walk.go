package eval

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// walk follows path into a value that is known. what names the value in
// messages. digits lets a text of digits be the index of a list, as paths into
// a secret may be.
func walk(value Value, path []Value, what string, digits bool) (Value, error) {
	marked := false
	for _, key := range path {
		if s, ok := value.(orchestrator.Sensitive); ok {
			marked, value = true, s.Open()
		}
		if s, ok := key.(orchestrator.Sensitive); ok {
			marked, key = true, s.Open()
		}
		var err error
		if value, err = step(value, key, what, digits, !marked); err != nil {
			return nil, err
		}
		what += "." + fmt.Sprint(key)
	}
	if marked {
		value = orchestrator.Mark(value)
	}
	return value, nil
}

// keysTold is how many keys a message lists.
const keysTold = 8

// step goes one key down. open says that what is there may be told.
func step(value, key Value, what string, digits, open bool) (Value, error) {
	switch container := value.(type) {
	case Unknown:
		return nil, ErrUnknown
	case map[string]Value:
		if IsCall(container) {
			return nil, ErrUnknown
		}
		found, ok := container[fmt.Sprint(key)]
		if !ok {
			text := fmt.Sprintf("%s has no key %q", what, fmt.Sprint(key))
			if open {
				text += keysOf(container)
			}
			return nil, &missing{text}
		}
		return found, nil
	case []Value:
		index, err := listIndex(key, digits)
		if err != nil {
			return nil, fmt.Errorf("%s is a list: %w", what, err)
		}
		if index < 0 || index >= int64(len(container)) {
			return nil, &missing{fmt.Sprintf("%s has %d items, so there is none at index %d", what, len(container), index)}
		}
		return container[index], nil
	default:
		return nil, &missing{fmt.Sprintf("%s is %s, so there is no %q in it", what, Kind(value), fmt.Sprint(key))}
	}
}

// keysOf says what a map has instead.
func keysOf(container map[string]Value) string {
	keys := orchestrator.SortedKeys(container)
	more := ""
	if len(keys) > keysTold {
		keys, more = keys[:keysTold], ", …"
	}
	if len(keys) == 0 {
		return "; it is empty"
	}
	return "; it has " + strings.Join(keys, ", ") + more
}

// missing is the error of a path that leads nowhere.
type missing struct{ message string }

func (e *missing) Error() string { return e.message }

func listIndex(key Value, digits bool) (int64, error) {
	switch key := key.(type) {
	case int64:
		return key, nil
	case string:
		if n, err := strconv.ParseInt(key, 10, 64); err == nil && digits {
			return n, nil
		}
	}
	return 0, fmt.Errorf("its index must be a whole number, not %q", fmt.Sprint(key))
}

// Kind names the kind of a value in messages.
func Kind(v Value) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case int64:
		return "an integer"
	case float64:
		return "a float"
	case string:
		return "a string"
	case []Value:
		return "a list"
	case map[string]Value:
		if IsCall(v) {
			return "a function call"
		}
		return "a map"
	case orchestrator.Sensitive:
		return Kind(v.Open())
	case Unknown:
		return "not known yet"
	default:
		return fmt.Sprintf("%T", v)
	}
}

// fits reports whether a value fits a primitive type. Other type names, among
// them string, are the type of anything; what is not known yet always fits.
func fits(typeName string, v Value) bool {
	v = open(v)
	if _, unknown := v.(Unknown); unknown || HasCalls(v) {
		return true
	}
	switch typeName {
	case "integer":
		_, ok := v.(int64)
		return ok
	case "float":
		_, whole := v.(int64)
		_, ok := v.(float64)
		return ok || whole
	case "boolean":
		_, ok := v.(bool)
		return ok
	case "list":
		_, ok := v.([]Value)
		return ok
	case "dict":
		_, ok := v.(map[string]Value)
		return ok
	default:
		return true
	}
}
