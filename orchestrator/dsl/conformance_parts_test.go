package dsl

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

// partCompiler is a compiler for a part of a blueprint.
func partCompiler() *compiler {
	c := newCompiler(Source{}, nil, options{})
	c.version = v1_5
	c.root = newMap(orchestrator.Range{}, nil)
	return c
}

func partInterfaces(c *compiler, v Value, ofType bool) *interfaces {
	return c.interfacesOf(nodeOf(orchestrator.Range{}, v), "part", ofType)
}

func mergeParts(c *compiler, rule string, overriding, overridden Value) *interfaces {
	if rule == "type_over_type" {
		return partInterfaces(c, overriding, true).over(partInterfaces(c, overridden, true), typeOverType)
	}
	own, ofType := partInterfaces(c, overriding, false), partInterfaces(c, overridden, true)
	m := instanceMerger{c: c, path: "part", what: "part"}
	out := newInterfaces()
	for _, all := range []*interfaces{ofType, own} {
		all.each(func(face, name string, _ *rawOperation) {
			out.put(face, name, m.merge(own.get(face, name), ofType.get(face, name), name))
		})
	}
	return out
}

func operationDoc(o *rawOperation) Value {
	inputs := map[string]Value{}
	for name, value := range o.inputs {
		inputs[name] = value
	}
	if o.schema != nil {
		for name, in := range o.schema.inputs() {
			inputs[name] = inputSummary(in)
		}
	}
	d := map[string]Value{"implementation": o.implementation, "inputs": inputs, "executor": nil, "max_retries": nil,
		"retry_interval": nil, "timeout": nil, "timeout_recoverable": nil}
	if o.executor != "" {
		d["executor"] = o.executor
	}
	if o.maxRetries != nil {
		d["max_retries"] = *o.maxRetries
	}
	if o.retryInterval != nil {
		d["retry_interval"] = *o.retryInterval
	}
	if o.timeout != nil {
		d["timeout"] = *o.timeout
	}
	if o.recoverable != nil {
		d["timeout_recoverable"] = *o.recoverable
	}
	return d
}

func interfacesDoc(all *interfaces) map[string]Value {
	out := map[string]Value{}
	all.each(func(face, name string, o *rawOperation) {
		if out[face] == nil {
			out[face] = map[string]Value{}
		}
		out[face].(map[string]Value)[name] = operationDoc(o)
	})
	return out
}

func runMergeInterfaces(_ *testing.T, c conformanceCase) error {
	part := partCompiler()
	merged := mergeParts(part, c.Args["rule"].(string), c.Args["overriding"], c.Args["overridden"])
	if err := part.diagnostics.Err(); err != nil || c.Expect.Error != nil {
		return expectError(c, codesOf(err), err)
	}
	return compareSummaries(c.Expect.OK, interfacesDoc(merged))
}

func runMergeOperation(_ *testing.T, c conformanceCase) error {
	part := partCompiler()
	wrap := func(v Value, ok bool) Value {
		if !ok || v == nil {
			return map[string]Value{}
		}
		return map[string]Value{"i": map[string]Value{"o": v}}
	}
	overriding, hasOverriding := c.Args["overriding"]
	overridden, hasOverridden := c.Args["overridden"]
	merged := mergeParts(part, c.Args["rule"].(string), wrap(overriding, hasOverriding), wrap(overridden, hasOverridden))
	if err := part.diagnostics.Err(); err != nil || c.Expect.Error != nil {
		return expectError(c, codesOf(err), err)
	}
	var got Value
	if o := merged.get("i", "o"); o != nil {
		got = operationDoc(o)
	}
	return compareSummaries(c.Expect.OK, got)
}

func runConstraint(_ *testing.T, c conformanceCase) error {
	holds, err := operators[c.Args["operator"].(string)].holds(c.Args["value"], c.Args["argument"])
	if err != nil || c.Expect.Error != nil {
		return expectError(c, nil, err)
	}
	return compareSummaries(c.Expect.OK, holds)
}

func runConstraintArgument(_ *testing.T, c conformanceCase) error {
	return compareSummaries(c.Expect.OK, argumentKind(c.Args["type"].(string)).accepts(c.Args["value"]))
}

func runVersion(_ *testing.T, c conformanceCase) error {
	text, ok := c.Args["value"].(string)
	if !ok && c.Args["value"] != nil {
		return nil // a version of another type cannot be asked for in Go
	}
	major, minor, micro, err := VersionParts(text)
	if err != nil || c.Expect.Error != nil {
		var codes []int
		if e, ok := errors.AsType[*VersionError](err); ok {
			codes = append(codes, e.Code)
		}
		return expectError(c, codes, err)
	}
	got := []Value{int64(major), int64(minor), int64(micro)}
	if micro < 0 {
		got[2] = nil
	}
	return compareSummaries(c.Expect.OK, got)
}

func runResolver(_ *testing.T, c conformanceCase) error {
	var rules []RewriteRule
	for _, rule := range c.Args["rules"].([]Value) {
		for prefix, replacement := range rule.(map[string]Value) {
			rules = append(rules, RewriteRule{Prefix: prefix, Replacement: fmt.Sprint(replacement)})
		}
	}
	readable, _ := c.Args["readable"].(map[string]Value)
	attempts, resolved := []Value{}, ""
	for _, location := range Rewrite(rules, c.Args["fallback"] == Value(true), c.Args["url"].(string)) {
		attempts = append(attempts, location)
		if readable[location] == Value(true) {
			resolved = location
			break
		}
	}
	if c.Expect.Error != nil {
		if resolved != "" {
			return fmt.Errorf("%s was found", resolved)
		}
		return compareSummaries(orchestrator.FromJSON(c.Expect.Error.Attempts), attempts)
	}
	return compareSummaries(c.Expect.OK, map[string]Value{"attempts": attempts, "resolved": resolved})
}

func runPluginChoice(_ *testing.T, c conformanceCase) error {
	var files []string
	for _, f := range c.Args["files"].([]Value) {
		files = append(files, f.(string))
	}
	suffix, _ := c.Args["dsl_version"].(string)
	got := []Value{}
	if choice := choosePluginFile(files, suffix); choice != "" {
		got = append(got, choice)
	}
	want := c.Expect.OK.([]Value)
	if len(want) > 0 && slices.Contains(want, got[0]) {
		return nil
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("(-want +got):\n%s", diff)
	}
	return nil
}
