package dsl

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/diag"
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// property is one entry of a schema: of a type's properties, of an operation's
// inputs, of the inputs of a blueprint.
type property struct {
	orchestrator.Input
	path      string
	defaultAt orchestrator.Range
}

// schema is a set of properties in the order written.
type schema struct {
	names  []string
	byName map[string]*property
}

func newSchema() *schema { return &schema{byName: map[string]*property{}} }

func (s *schema) put(p *property) {
	if _, ok := s.byName[p.Name]; !ok {
		s.names = append(s.names, p.Name)
	}
	s.byName[p.Name] = p
}

// inputs returns the properties as the plan shows them.
func (s *schema) inputs() map[string]orchestrator.Input {
	if len(s.names) == 0 {
		return nil
	}
	out := make(map[string]orchestrator.Input, len(s.names))
	for _, name := range s.names {
		out[name] = s.byName[name].Input
	}
	return out
}

// defaults returns the default values of those that have one.
func (s *schema) defaults() map[string]Value {
	out := map[string]Value{}
	for _, name := range s.names {
		if p := s.byName[name]; p.HasDefault {
			out[name] = p.Default
		}
	}
	return out
}

// primitives are the types that are not data types, with the version that
// brought them.
var primitives = map[string]version{
	"string": v1_0, "integer": v1_0, "float": v1_0, "boolean": v1_0, "list": v1_0, "dict": v1_0,
	"regex": v1_0, "textarea": v1_0,
	"blueprint_id": v1_4, "deployment_id": v1_4, "capability_value": v1_4, "scaling_group": v1_4,
	"node_id": v1_4, "node_type": v1_4, "node_instance": v1_4, "secret_key": v1_4, "operation_name": v1_5,
}

func isPrimitive(name string) bool {
	_, ok := primitives[name]
	return ok
}

func isCall(v Value) bool { return eval.IsCall(v) }

// schemaOf reads a schema. Types are checked; defaults are read as written and
// completed by complete, once all data types are known.
func (c *compiler) schemaOf(n *node, path string) *schema {
	s := newSchema()
	if n == nil || n.kind != mapKind {
		return s
	}
	for _, e := range n.entries {
		s.put(c.propertyOf(e, dotted(path, e.key)))
	}
	return s
}

func (c *compiler) propertyOf(e entry, path string) *property {
	p := &property{path: path, defaultAt: e.at}
	p.Name, p.At, p.Required = e.key, e.at, e.value.get("required").boolean(true)
	p.Type = e.value.get("type").text()
	p.ItemType = e.value.get("item_type").text()
	p.Description = e.value.get("description").text()
	p.DisplayLabel = e.value.get("display_label").text()
	p.Hidden = e.value.get("hidden").boolean(false)
	if written, ok := e.value.find("default"); ok {
		p.HasDefault, p.Default, p.defaultAt = true, written.value.value(), written.value.at
	}
	if p.Type != "" {
		at := e.value.get("type").place(e.at)
		since, primitive := primitives[p.Type]
		switch {
		case primitive && c.tooNew(since, at):
			c.failTooNew(since, at, dotted(path, "type"), "the type "+p.Type)
		case !primitive && !c.isDataType(p.Type):
			d := c.fail(codeUnknownType, at, dotted(path, "type"), "there is no data type %s", p.Type)
			suggest(d, p.Type, maps.Keys(primitives), slices.Values(c.names("data_types")))
			p.Type = ""
		}
	}
	return p
}

// complete checks the defaults of a schema against their types and fills data
// types in; fields missing in a default are tolerated.
func (c *compiler) complete(s *schema, owner string) {
	for _, name := range s.names {
		c.completeDefault(s.byName[name], nil, owner)
	}
}

// completeDefault fills in the default of one property over that of the parent
// type's property, where both have the same data type.
func (c *compiler) completeDefault(p, parent *property, owner string) {
	isData := c.dataTypes[p.Type] != nil
	if !p.HasDefault || isData && p.Default == nil {
		if !isData {
			return
		}
		p.HasDefault, p.Default = true, map[string]Value{}
	}
	var derived Value
	if isData && parent != nil && parent.Type == p.Type && parent.HasDefault {
		derived = parent.Default
	}
	f := c.filler(p.defaultAt, nil, p.path+".default", "the default of "+p.Name+" in "+owner)
	f.tolerant = true
	p.Default = f.fit(p.Default, p.Type, derived)
}

// filler fits values to types and reports what does not fit.
type filler struct {
	types map[string]*dataType
	// report takes one finding about the value under path.
	report func(code int, path []string, message string) *diag.Diagnostic
	what   string // names what is filled, in messages
	// tolerant accepts maps whose required fields are missing.
	tolerant bool
	// path leads to the value at hand.
	path []string
	// filled counts the values that were filled in, over several fillers.
	filled *int
}

// maxListed bounds how many names a hint lists.
const maxListed = 12

// maxFilled bounds what data types, which may nest and branch, expand to.
const maxFilled = 3_000_000

// filler returns a filler that reports to the compiler. source, when set, is
// the tree that the values were written in; findings are placed in it.
func (c *compiler) filler(at orchestrator.Range, source *node, path, what string) *filler {
	report := func(code int, inner []string, message string) *diag.Diagnostic {
		place := source.locate(at, inner...)
		if code == codeWrongType {
			place = source.locateValue(at, inner...)
		}
		return c.fail(code, place, strings.Join(append([]string{path}, inner...), "."), "%s", message)
	}
	return &filler{types: c.dataTypes, report: report, what: what, filled: &c.filled}
}

// under runs step with the path one key longer.
func (f *filler) under(key string, step func()) {
	f.path = append(f.path, key)
	step()
	f.path = f.path[:len(f.path)-1]
}

func (f *filler) fail(code int, format string, args ...any) *diag.Diagnostic {
	return f.report(code, slices.Clone(f.path), sprintf(format, args...))
}

// name is the path as messages show it.
func (f *filler) name() string { return strings.Join(f.path, ".") }

// fill overlays given over the defaults of a schema (over also derived, when
// set) and checks the result. Absent optional properties are left out.
func (f *filler) fill(given map[string]Value, s *schema, derived map[string]Value) map[string]Value {
	for _, name := range orchestrator.SortedKeys(given) {
		if _, ok := s.byName[name]; !ok {
			f.under(name, func() {
				d := f.fail(codeUndeclared, "%s has no property %s", f.what, f.name())
				suggest(d, name, slices.Values(s.names))
				if d.Hint == "" && len(s.names) > 0 && len(s.names) <= maxListed {
					d.Hint = "it has " + strings.Join(s.names, ", ")
				}
			})
		}
	}
	if *f.filled += len(s.names); *f.filled > maxFilled {
		if *f.filled -= len(s.names); *f.filled <= maxFilled {
			*f.filled = maxFilled + 1 // said once
			f.fail(codeStructure, "%s: data types expand to more than %d values", f.what, maxFilled)
		}
		return nil
	}
	required := !f.tolerant && !f.external(given, s)
	out := make(map[string]Value, len(s.names))
	for _, name := range s.names {
		p := s.byName[name]
		base, hasBase := derived[name]
		if !hasBase && p.HasDefault {
			base, hasBase = p.Default, true
		}
		value, isGiven := given[name]
		if !isGiven {
			value = base
		}
		f.under(name, func() {
			switch {
			case isGiven || hasBase:
				out[name] = f.fit(value, p.Type, base)
			case p.Required && required:
				f.fail(codeMissing, "%s lacks the required property %s", f.what, f.name())
			}
		})
	}
	return out
}

// external reports whether use_external_resource switches the check for
// required properties off.
func (f *filler) external(given map[string]Value, s *schema) bool {
	const name = "use_external_resource"
	value, ok := given[name]
	if p := s.byName[name]; !ok && p != nil {
		value = p.Default
	}
	if isCall(value) {
		f.under(name, func() {
			f.fail(codeExternalFunction, "%s of %s is a function; it decides what is required, so it must be a plain value", name, f.what)
		})
		return true
	}
	return truthy(value)
}

// fit checks a value against a type; of a data type it fills the fields in.
// derived is the default that the value is written over.
func (f *filler) fit(value Value, typeName string, derived Value) Value {
	if typeName == "" || isCall(value) {
		return value
	}
	data := f.types[typeName]
	if data == nil {
		if !fitsPrimitive(value, typeName) {
			f.mismatch(value, typeName)
		}
		return value
	}
	given, ok := value.(map[string]Value)
	if !ok {
		f.mismatch(value, typeName)
		return value
	}
	base, _ := derived.(map[string]Value)
	if isCall(derived) {
		base = nil
	}
	return f.fill(given, data.schema, base)
}

func (f *filler) mismatch(value Value, typeName string) {
	what := f.what
	if len(f.path) > 0 {
		what += ": " + f.name()
	}
	d := f.fail(codeWrongType, "%s must be of type %s, not %s", what, typeName, eval.Kind(value))
	if !reflect.DeepEqual(convert(value, typeName), value) {
		d.Hint = "write it without quotes"
	}
}

func truthy(v Value) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case []Value:
		return len(v) > 0
	case map[string]Value:
		return len(v) > 0
	default:
		return true
	}
}

// fitsPrimitive reports whether a value fits a primitive type. A string, a
// textarea and the object types are the types of anything.
func fitsPrimitive(value Value, typeName string) bool {
	if isCall(value) {
		return true
	}
	switch typeName {
	case "integer":
		_, ok := value.(int64)
		return ok
	case "float":
		_, whole := value.(int64)
		_, ok := value.(float64)
		return ok || whole
	case "boolean":
		_, ok := value.(bool)
		return ok
	case "list":
		_, ok := value.([]Value)
		return ok
	case "dict":
		_, ok := value.(map[string]Value)
		return ok
	case "regex":
		text, ok := value.(string)
		if !ok {
			return false
		}
		_, err := compileRegex(text)
		return err == nil
	default:
		return true
	}
}

// compileRegex compiles a pattern that is tried at the start of a text. The
// engine runs in linear time, whoever wrote the pattern, and lacks look-around
// and back references for it.
func compileRegex(pattern string) (*regexp.Regexp, error) {
	pattern = strings.ReplaceAll(pattern, `\Z`, `\z`)
	if _, err := syntax.Parse(pattern, syntax.Perl); err != nil { // told of the pattern as written
		return nil, fmt.Errorf("the pattern %s cannot be used: %w", shorten(pattern), err)
	}
	re, err := regexp.Compile(`\A(?:` + pattern + `)`)
	if err != nil {
		return nil, fmt.Errorf("the pattern %s cannot be used: %w", shorten(pattern), err)
	}
	return re, nil
}
