package azure

import (
	"fmt"
	"hash/fnv"
	"maps"
	"strconv"
	"strings"
)

// evaluate computes the expressions in a value of a template: texts in square
// brackets. all is what was made so far, for reference().
func (p *plan) evaluate(value any, all []made) (any, error) {
	switch value := value.(type) {
	case document:
		out := document{}
		for key, item := range value {
			evaluated, err := p.evaluate(item, all)
			if err != nil {
				return nil, err
			}
			out[key] = evaluated
		}
		return out, nil
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			evaluated, err := p.evaluate(item, all)
			if err != nil {
				return nil, err
			}
			out[i] = evaluated
		}
		return out, nil
	case string:
		if strings.HasPrefix(value, "[[") {
			return value[1:], nil // an escaped bracket
		}
		if !strings.HasPrefix(value, "[") || !strings.HasSuffix(value, "]") {
			return value, nil
		}
		return p.expression(value[1:len(value)-1], all)
	default:
		return value, nil
	}
}

// depthLimit bounds nested calls, and variables that name each other.
const depthLimit = 64

func (p *plan) expression(source string, all []made) (any, error) {
	parser := &parser{rest: source, plan: p, all: all}
	value, err := parser.value()
	if err == nil && strings.TrimSpace(parser.rest) != "" {
		err = fmt.Errorf("unexpected %q", parser.rest)
	}
	if err != nil {
		return nil, fmt.Errorf("expression '%s': %w", source, err)
	}
	return value, nil
}

// parser reads an expression and computes it on the way.
type parser struct {
	rest string
	plan *plan
	all  []made
}

func (p *parser) skip() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *parser) take(token string) bool {
	p.skip()
	if !strings.HasPrefix(p.rest, token) {
		return false
	}
	p.rest = p.rest[len(token):]
	return true
}

// value reads a literal or a call, then what is looked up in it: .name, [index].
func (p *parser) value() (any, error) {
	p.plan.depth++
	defer func() { p.plan.depth-- }()
	if p.plan.depth > depthLimit {
		return nil, fmt.Errorf("expressions are nested more than %d deep", depthLimit)
	}
	p.skip()
	if p.take("'") {
		return p.literal()
	}
	if p.rest != "" && (p.rest[0] == '-' || p.rest[0] >= '0' && p.rest[0] <= '9') {
		return p.number()
	}
	value, err := p.call()
	for err == nil {
		switch {
		case p.take("."):
			name := p.name()
			inner, _ := value.(document)
			if value = lookup(inner, name); value == nil {
				err = fmt.Errorf("there is no property '%s'", name)
			}
		case p.take("["):
			value, err = p.index(value)
		default:
			return value, nil
		}
	}
	return nil, err
}

func (p *parser) literal() (any, error) {
	var out strings.Builder
	for {
		before, after, ok := strings.Cut(p.rest, "'")
		if !ok {
			return nil, fmt.Errorf("a text has no end")
		}
		out.WriteString(before)
		p.rest = after
		if !strings.HasPrefix(after, "'") { // '' is a quote in a text
			return out.String(), nil
		}
		out.WriteByte('\'')
		p.rest = after[1:]
	}
}

func (p *parser) number() (any, error) {
	end := 1
	for end < len(p.rest) && p.rest[end] >= '0' && p.rest[end] <= '9' {
		end++
	}
	n, err := strconv.ParseFloat(p.rest[:end], 64)
	p.rest = p.rest[end:]
	return n, err
}

func (p *parser) name() string {
	end := 0
	for end < len(p.rest) && (p.rest[end] == '_' || p.rest[end] == '$' || isLetterOrDigit(p.rest[end])) {
		end++
	}
	name := p.rest[:end]
	p.rest = p.rest[end:]
	return name
}

func isLetterOrDigit(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func (p *parser) index(value any) (any, error) {
	key, err := p.value()
	if err != nil {
		return nil, err
	}
	if !p.take("]") {
		return nil, fmt.Errorf("an index has no end")
	}
	if items, ok := value.([]any); ok {
		at, isNumber := key.(float64)
		if !isNumber || at < 0 || int(at) >= len(items) {
			return nil, fmt.Errorf("index %v is out of range", key)
		}
		return items[int(at)], nil
	}
	inner, _ := value.(document)
	found := lookup(inner, fmt.Sprint(key))
	if found == nil {
		return nil, fmt.Errorf("there is no property '%v'", key)
	}
	return found, nil
}

func (p *parser) call() (any, error) {
	name := p.name()
	if name == "" || !p.take("(") {
		return nil, fmt.Errorf("a function call is expected at %q", p.rest)
	}
	var arguments []any
	for !p.take(")") {
		if len(arguments) > 0 && !p.take(",") {
			return nil, fmt.Errorf("a comma is expected at %q", p.rest)
		}
		argument, err := p.value()
		if err != nil {
			return nil, err
		}
		arguments = append(arguments, argument)
	}
	return p.plan.function(strings.ToLower(name), arguments, p.all)
}

// function computes one of the functions that small templates use.
func (p *plan) function(name string, arguments []any, all []made) (any, error) {
	words := make([]string, len(arguments))
	for i, argument := range arguments {
		words[i], _ = argument.(string)
		if n, ok := argument.(float64); ok {
			words[i] = strconv.FormatFloat(n, 'f', -1, 64)
		}
	}
	first := ""
	if len(words) > 0 {
		first = words[0]
	}
	switch name {
	case "parameters":
		if value, ok := p.parameters[first]; ok {
			return value, nil
		}
		return nil, fmt.Errorf("the template parameter '%s' is not found", first)
	case "variables":
		if value, ok := p.variables[first]; ok {
			return p.evaluate(value, all)
		}
		return nil, fmt.Errorf("the template variable '%s' is not found", first)
	case "concat":
		return strings.Join(words, ""), nil
	case "format":
		return format(words)
	case "tolower":
		return strings.ToLower(first), nil
	case "toupper":
		return strings.ToUpper(first), nil
	case "string":
		return first, nil
	case "uniquestring":
		sum := fnv.New64a()
		_, _ = sum.Write([]byte(strings.Join(words, "\x00"))) // a hash takes everything
		return strconv.FormatUint(sum.Sum64(), 36), nil
	case "resourcegroup":
		return p.group, nil
	case "subscription":
		return document{"id": "/subscriptions/" + p.subscription, "subscriptionId": p.subscription}, nil
	case "resourceid":
		return p.resourceID(words)
	case "reference":
		return p.reference(first, all)
	case "union":
		return union(arguments)
	case "createobject":
		return createObject(arguments)
	}
	return nil, fmt.Errorf("the rehearsal does not know the template function '%s'", name)
}

func format(words []string) (any, error) {
	if len(words) == 0 {
		return nil, fmt.Errorf("format needs a pattern")
	}
	out := words[0]
	for i, word := range words[1:] {
		out = strings.ReplaceAll(out, "{"+strconv.Itoa(i)+"}", word)
	}
	return out, nil
}

// union lays objects over each other; a later one wins.
func union(arguments []any) (any, error) {
	out := document{}
	for _, argument := range arguments {
		inner, ok := argument.(document)
		if !ok {
			return nil, fmt.Errorf("the rehearsal unites objects only")
		}
		maps.Copy(out, inner)
	}
	return out, nil
}

// createObject makes an object of keys and values in turn.
func createObject(arguments []any) (any, error) {
	out := document{}
	for i := 0; i < len(arguments); i += 2 {
		key, ok := arguments[i].(string)
		if !ok || i+1 == len(arguments) {
			return nil, fmt.Errorf("createObject needs pairs of a name and a value")
		}
		out[key] = arguments[i+1]
	}
	return out, nil
}

// resourceID makes an id of a type and names: resourceId('Microsoft.X/a/b', 'n', 'm').
func (p *plan) resourceID(words []string) (any, error) {
	if len(words) < 2 {
		return nil, fmt.Errorf("resourceId needs a type and names")
	}
	types := strings.Split(words[0], "/")
	if len(types) != len(words) {
		return nil, fmt.Errorf("resourceId needs as many names as the type %s has parts", words[0])
	}
	id := text(p.group, "id") + "/providers/" + types[0]
	for i, name := range words[1:] {
		id += "/" + types[i+1] + "/" + name
	}
	return id, nil
}

// reference is the properties of what the template made, by id or name.
func (p *plan) reference(which string, all []made) (any, error) {
	for _, each := range all {
		if strings.EqualFold(each.target.id, which) || each.target.name == which {
			return each.stored.Resource["properties"], nil
		}
	}
	return nil, fmt.Errorf("the template makes no resource '%s'", which)
}
