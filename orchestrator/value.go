package orchestrator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Value is a value of the DSL: nil, bool, int64, float64, string, []Value,
// map[string]Value, or Sensitive around one of those. An intrinsic function
// call is a map with exactly one key that names the function (plus "type" in
// some places); package eval tells calls from data. Values are treated as
// immutable: whoever changes one copies it first (CloneValue).
type Value = any

// Sensitive marks a value that must not be shown: a password, a kubeconfig, a
// token. It prints as stars and marshals to null, so that it cannot slip into
// a log or an API answer; only EncodeValue, for sealed columns, writes what is
// inside. Open is called by the engine just before a call, and by control for
// a reveal, for capabilities, and for reading eaas_params.
type Sensitive struct{ inner Value }

// Mark returns v as a Sensitive; a value that is already marked stays as it is.
func Mark(v Value) Value {
	if s, ok := v.(Sensitive); ok {
		return s
	}
	return Sensitive{inner: v}
}

// Open returns the value inside, still holding any marks nested deeper.
func (s Sensitive) Open() Value { return s.inner }

// String hides the value.
func (Sensitive) String() string { return "********" }

// GoString hides the value from %#v.
func (Sensitive) GoString() string { return "********" }

// Format hides the value from every verb.
func (s Sensitive) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// MarshalJSON writes null; see EncodeValue for sealed columns.
func (Sensitive) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// Reveal returns v with every mark taken off, at any depth.
func Reveal(v Value) Value {
	return transform(v, func(s Sensitive) Value { return Reveal(s.inner) })
}

// Redact returns v with every marked part replaced by nil, as API objects
// outside of "capabilities" and "secrets get" show it.
func Redact(v Value) Value {
	return transform(v, func(Sensitive) Value { return nil })
}

// IsSensitive reports whether any part of v is marked.
func IsSensitive(v Value) bool {
	switch v := v.(type) {
	case Sensitive:
		return true
	case []Value:
		return slices.ContainsFunc(v, IsSensitive)
	case map[string]Value:
		for _, item := range v {
			if IsSensitive(item) {
				return true
			}
		}
	}
	return false
}

// CloneValue copies maps and lists at every depth.
func CloneValue(v Value) Value {
	return transform(v, func(s Sensitive) Value { return Sensitive{inner: CloneValue(s.inner)} })
}

func transform(v Value, sensitive func(Sensitive) Value) Value {
	switch v := v.(type) {
	case Sensitive:
		return sensitive(v)
	case []Value:
		out := make([]Value, len(v))
		for i, item := range v {
			out[i] = transform(item, sensitive)
		}
		return out
	case map[string]Value:
		out := make(map[string]Value, len(v))
		for key, item := range v {
			out[key] = transform(item, sensitive)
		}
		return out
	default:
		return v
	}
}

// sensitiveKey wraps a marked value in a sealed document. A user's own map with
// just this key would be read back as a mark, which errs on the safe side.
const sensitiveKey = "$sensitive"

// EncodeValue writes v as JSON with its marks, for sealed columns only.
func EncodeValue(v Value) ([]byte, error) {
	return json.Marshal(encodeMarks(v))
}

func encodeMarks(v Value) Value {
	return transform(v, func(s Sensitive) Value {
		return map[string]Value{sensitiveKey: encodeMarks(s.inner)}
	})
}

// DecodeValue reads what EncodeValue wrote, or any JSON document: whole numbers
// become int64, others float64.
func DecodeValue(data []byte) (Value, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var raw any
	if err := decoder.Decode(&raw); err != nil {
		return nil, fmt.Errorf("read value: %w", err)
	}
	if decoder.More() {
		return nil, fmt.Errorf("read value: more than one JSON document")
	}
	return FromJSON(raw), nil
}

// FromJSON turns what encoding/json decodes (json.Number, float64, map, slice)
// into a Value.
func FromJSON(raw any) Value {
	switch raw := raw.(type) {
	case json.Number:
		if n, err := raw.Int64(); err == nil {
			return n
		}
		if f, err := raw.Float64(); err == nil {
			return f
		}
		return raw.String() // beyond any float: it stays text
	case int:
		return int64(raw)
	case []any:
		out := make([]Value, len(raw))
		for i, item := range raw {
			out[i] = FromJSON(item)
		}
		return out
	case map[string]any:
		if inner, ok := raw[sensitiveKey]; ok && len(raw) == 1 {
			return Sensitive{inner: FromJSON(inner)}
		}
		out := make(map[string]Value, len(raw))
		for key, item := range raw {
			out[key] = FromJSON(item)
		}
		return out
	default:
		return raw
	}
}

// Lookup walks path (map keys as strings, list indexes as int64 or int) into v
// and reports whether it is there. A mark met on the way marks the result.
func Lookup(v Value, path ...Value) (Value, bool) {
	marked := false
	for _, key := range path {
		if s, ok := v.(Sensitive); ok {
			marked, v = true, s.inner
		}
		switch container := v.(type) {
		case map[string]Value:
			name, ok := key.(string)
			if !ok {
				name = fmt.Sprint(key)
			}
			if v, ok = container[name]; !ok {
				return nil, false
			}
		case []Value:
			index, ok := toIndex(key)
			if !ok || index < 0 || index >= len(container) {
				return nil, false
			}
			v = container[index]
		default:
			return nil, false
		}
	}
	if marked && v != nil {
		v = Mark(v)
	}
	return v, true
}

func toIndex(key Value) (int, bool) {
	switch key := key.(type) {
	case int64:
		return int(key), true
	case int:
		return key, true
	default:
		return 0, false
	}
}

// SortedKeys returns the keys of m in order, for stable output.
func SortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
