package azure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// plan is a template with its parameters put in, ready to be carried out.
type plan struct {
	declared   document // the template's parameters
	parameters document // their values
	variables  document
	resources  []wanted // in the order of their dependencies
	wantedOut  document
	// subscription and group are what the template is deployed to.
	subscription string
	group        document
	depth        int // of the expression being computed
}

// wanted is one resource of a template.
type wanted struct {
	path  string // from the provider on: "Microsoft.X/servers/a"
	body  document
	after []string // ids in small letters
}

// templateKeys are what a template may hold; nested and linked templates are not
// rehearsed.
var templateKeys = []string{"$schema", "contentVersion", "parameters", "variables", "resources", "outputs", "metadata", "apiProfile", "languageVersion"}

// readTemplate checks a deployment's properties and evaluates its resources.
func readTemplate(properties document, subscription string, group document) (*plan, error) {
	template, ok := properties["template"].(document)
	if !ok {
		return nil, fmt.Errorf("the deployment has no template")
	}
	if mode := text(properties, "mode"); mode != "Incremental" {
		return nil, fmt.Errorf("the rehearsal carries out deployments in mode Incremental only, not %q", mode)
	}
	for _, key := range orchestrator.SortedKeys(template) {
		if !slices.Contains(templateKeys, key) {
			return nil, fmt.Errorf("the template has the unknown key %s", key)
		}
	}
	p := &plan{subscription: subscription, group: group}
	p.declared, _ = template["parameters"].(document)
	p.variables, _ = template["variables"].(document)
	p.wantedOut, _ = template["outputs"].(document)
	given, _ := properties["parameters"].(document)
	if err := p.fill(given); err != nil {
		return nil, err
	}
	resources, ok := template["resources"].([]any)
	if !ok {
		return nil, fmt.Errorf("the template has no list of resources")
	}
	return p, p.readResources(resources)
}

// fill gives each declared parameter its value.
func (p *plan) fill(given document) error {
	p.parameters = document{}
	for _, name := range orchestrator.SortedKeys(given) {
		if _, ok := p.declared[name]; !ok {
			return fmt.Errorf("the template has no parameter %s, which the request gives", name)
		}
	}
	for _, name := range orchestrator.SortedKeys(p.declared) {
		declared, _ := p.declared[name].(document)
		value, ok := given[name].(document)
		switch {
		case ok:
			p.parameters[name] = value["value"]
		case declared["defaultValue"] != nil:
			evaluated, err := p.evaluate(declared["defaultValue"], nil)
			if err != nil {
				return fmt.Errorf("default of parameter %s: %w", name, err)
			}
			p.parameters[name] = evaluated
		default:
			return fmt.Errorf("the value for the template parameter '%s' is not provided", name)
		}
		if err := checkParameter(name, declared, p.parameters[name]); err != nil {
			return err
		}
	}
	return nil
}

func checkParameter(name string, declared document, value any) error {
	var fits bool
	wantedType := strings.ToLower(text(declared, "type"))
	switch wantedType {
	case "string", "securestring":
		_, fits = value.(string)
	case "int":
		n, isNumber := value.(float64)
		fits = isNumber && n == float64(int64(n))
	case "bool":
		_, fits = value.(bool)
	case "object", "secureobject":
		_, fits = value.(document)
	case "array":
		_, fits = value.([]any)
	}
	if !fits {
		return fmt.Errorf("the value of the template parameter '%s' is not of type '%s'", name, wantedType)
	}
	if allowed, ok := declared["allowedValues"].([]any); ok && !slices.Contains(allowed, value) {
		return fmt.Errorf("the value of the template parameter '%s' is not one of its allowed values", name)
	}
	return nil
}

// readResources evaluates the resources and puts them in order.
func (p *plan) readResources(resources []any) error {
	var all []wanted
	for i, each := range resources {
		raw, ok := each.(document)
		if !ok {
			return fmt.Errorf("resource %d is not an object", i+1)
		}
		if raw["condition"] != nil || raw["copy"] != nil || raw["resources"] != nil {
			return fmt.Errorf("resource %d uses condition, copy or nested resources, which the rehearsal does not carry out", i+1)
		}
		one, err := p.readResource(raw)
		if err != nil {
			return fmt.Errorf("resource %d: %w", i+1, err)
		}
		all = append(all, one)
	}
	return p.order(all)
}

func (p *plan) readResource(raw document) (wanted, error) {
	evaluated, err := p.evaluate(raw, nil)
	if err != nil {
		return wanted{}, err
	}
	body, _ := evaluated.(document)
	types := strings.Split(text(body, "type"), "/")
	names := strings.Split(text(body, "name"), "/")
	if len(types) != len(names)+1 || text(body, "apiVersion") == "" {
		return wanted{}, fmt.Errorf("type %q and name %q do not fit, or apiVersion is missing", text(body, "type"), text(body, "name"))
	}
	out := wanted{path: types[0], body: body}
	for i, name := range names {
		out.path += "/" + types[i+1] + "/" + name
	}
	for _, id := range texts(body, "dependsOn") {
		out.after = append(out.after, strings.ToLower(id))
	}
	for _, key := range []string{"type", "name", "apiVersion", "dependsOn", "comments", "scope"} {
		delete(body, key)
	}
	return out, nil
}

// order sorts resources so that each comes after what it depends on; otherwise
// they stay as written.
func (p *plan) order(left []wanted) error {
	root := strings.ToLower(text(p.group, "id") + "/providers/")
	waiting := map[string]bool{}
	for _, each := range left {
		waiting[root+strings.ToLower(each.path)] = true
	}
	for len(left) > 0 {
		next := slices.IndexFunc(left, func(w wanted) bool {
			return !slices.ContainsFunc(w.after, func(id string) bool { return waiting[id] })
		})
		if next < 0 {
			return fmt.Errorf("the template's resources depend on each other in a circle")
		}
		p.resources = append(p.resources, left[next])
		delete(waiting, root+strings.ToLower(left[next].path))
		left = slices.Delete(left, next, next+1)
	}
	return nil
}

// outputs evaluates the template's outputs, which may look at what was made.
func (p *plan) outputs(all []made) (document, error) {
	out := document{}
	for _, name := range orchestrator.SortedKeys(p.wantedOut) {
		declared, _ := p.wantedOut[name].(document)
		value, err := p.evaluate(declared["value"], all)
		if err != nil {
			return nil, fmt.Errorf("output %s: %w", name, err)
		}
		out[name] = document{"type": text(declared, "type"), "value": value}
	}
	return out, nil
}
