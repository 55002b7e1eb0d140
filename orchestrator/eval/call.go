package eval

import (
	"fmt"
	"strconv"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Value is a value of the DSL.
type Value = orchestrator.Value

// Call is one call of an intrinsic function, as written in a value: a map with
// exactly one key, the function's name, and perhaps "type".
type Call struct {
	Name string
	Args Value
	// Type is what the written call declares its answer to be; only get_input
	// honours it.
	Type Value
}

// AsCall reads v as a call. Any map that does not have the form of one is data,
// also with a misspelt name.
func AsCall(v Value) (Call, bool) {
	m, ok := v.(map[string]Value)
	if !ok || len(m) == 0 || len(m) > 2 {
		return Call{}, false
	}
	kind, typed := m["type"]
	if len(m) == 2 && !typed {
		return Call{}, false
	}
	for name, args := range m {
		if functions[name] {
			return Call{Name: name, Args: args, Type: kind}, true
		}
	}
	return Call{}, false
}

// IsCall reports whether v is a call.
func IsCall(v Value) bool {
	_, ok := AsCall(v)
	return ok
}

// Value returns the call as it is written in a value.
func (c Call) Value() Value {
	v := map[string]Value{c.Name: c.Args}
	if c.Type != nil {
		v["type"] = c.Type
	}
	return v
}

// List returns the arguments as a list; a single argument is a list of one.
func (c Call) List() []Value {
	if list, ok := c.Args.([]Value); ok {
		return list
	}
	return []Value{c.Args}
}

// First returns the first argument; nil when there is none.
func (c Call) First() Value {
	if list := c.List(); len(list) > 0 {
		return list[0]
	}
	return nil
}

// Located is a call with the dotted path of its place, the function's name
// last: nodes.vm.properties.ip.get_attribute.
type Located struct {
	Call
	Path string
}

// HasCalls reports whether anything in v is not known yet: a call, or Unknown.
func HasCalls(v Value) bool {
	switch v := v.(type) {
	case Unknown:
		return true
	case orchestrator.Sensitive:
		return HasCalls(v.Open())
	case []Value:
		for _, item := range v {
			if HasCalls(item) {
				return true
			}
		}
	case map[string]Value:
		if IsCall(v) {
			return true
		}
		for _, item := range v {
			if HasCalls(item) {
				return true
			}
		}
	}
	return false
}

// Each visits every call in v like Walk, without saying where it stands.
func Each(v Value, visit func(Call)) {
	switch v := v.(type) {
	case orchestrator.Sensitive:
		Each(v.Open(), visit)
	case []Value:
		for _, item := range v {
			Each(item, visit)
		}
	case map[string]Value:
		if call, ok := AsCall(v); ok {
			visit(call)
			Each(call.Args, visit)
			return
		}
		for _, key := range orchestrator.SortedKeys(v) {
			Each(v[key], visit)
		}
	}
}

// Walk visits every call in v, outer ones first. path is where v stands.
func Walk(v Value, path string, visit func(Located)) {
	switch v := v.(type) {
	case orchestrator.Sensitive:
		Walk(v.Open(), path, visit)
	case []Value:
		for i, item := range v {
			Walk(item, indexed(path, i), visit)
		}
	case map[string]Value:
		if call, ok := AsCall(v); ok {
			visit(Located{Call: call, Path: dotted(path, call.Name)})
			Walk(call.Args, dotted(path, call.Name), visit)
			return
		}
		for _, key := range orchestrator.SortedKeys(v) {
			Walk(v[key], dotted(path, key), visit)
		}
	}
}

func dotted(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func indexed(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// describe names a value for an error message without showing what is marked.
func describe(v Value) string { return fmt.Sprint(v) }
