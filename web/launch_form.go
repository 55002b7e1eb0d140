package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

// Names in the form and in the query that fills it in.
const (
	inputPrefix  = "in."
	inputCloud   = "cloud_type"
	inputEnvType = "env_type"
)

// launchForm is a form that was sent, or is about to be.
type launchForm struct {
	blueprint orchestrator.Blueprint
	id        string
	texts     map[string]string             // as typed, by input
	values    map[string]orchestrator.Value // what they mean; an empty optional field is left out
	faults    map[string]string             // by input; "id" is the name's
	general   string                        // a refusal that no field explains
	asked     bool                          // it was sent, so faults are shown
}

// readLaunch reads the form, or the query of a link that fills it in.
func (s *Server) readLaunch(c *call) (launchForm, error) {
	form := launchForm{texts: map[string]string{}, values: map[string]orchestrator.Value{}, faults: map[string]string{}, asked: c.Request().Method == http.MethodPost}
	var err error
	if form.blueprint, err = s.control.GetBlueprint(c.context(), c.Actor, c.Param("blueprint")); err != nil {
		return form, err
	}
	sent, err := c.FormParams() // holds the query too
	if err != nil {
		return form, orchestrator.Errorf(orchestrator.Invalid, "The form cannot be read.").Wrap(err)
	}
	form.id = strings.TrimSpace(sent.Get("id"))
	for _, input := range form.blueprint.Plan.Inputs {
		list, given := sent[inputPrefix+input.Name]
		if !given {
			continue
		}
		text := unixLines(list[0])
		form.texts[input.Name] = text
		if text == "" && (input.HasDefault || !input.Required || input.Type != "string" && input.Type != "textarea") {
			continue
		}
		value, err := valueOf(text, input.Type)
		if err != nil {
			form.faults[input.Name] = err.Error()
			continue
		}
		form.values[input.Name] = value
	}
	return form, nil
}

// valueOf reads structured inputs; what is a plain text, control converts.
func valueOf(text, kind string) (orchestrator.Value, error) {
	if !structured(kind) {
		return text, nil
	}
	var raw any
	if err := yaml.Unmarshal([]byte(text), &raw); err != nil {
		return nil, fmt.Errorf("This is neither JSON nor YAML: %s.", strings.TrimPrefix(firstLine(err.Error()), "yaml: ")) //nolint:staticcheck // a sentence for people
	}
	return fromYAML(raw), nil
}

// structured reports whether an input is written as JSON or YAML: lists, dicts,
// and data types of a blueprint's own.
func structured(kind string) bool {
	switch kind {
	case "", "string", "textarea", "integer", "float", "boolean", "regex",
		"blueprint_id", "deployment_id", "secret_key", "capability_value", "node_id", "node_type", "node_instance",
		"scaling_group", "workflow_id", "operation_name", "deployment_ids":
		return kind == "deployment_ids"
	}
	return true
}

func fromYAML(raw any) orchestrator.Value {
	switch raw := raw.(type) {
	case int:
		return int64(raw)
	case []any:
		list := make([]orchestrator.Value, len(raw))
		for i, item := range raw {
			list[i] = fromYAML(item)
		}
		return list
	case map[string]any:
		dict := make(map[string]orchestrator.Value, len(raw))
		for key, item := range raw {
			dict[key] = fromYAML(item)
		}
		return dict
	default:
		return raw
	}
}

func (f *launchForm) create() control.CreateDeployment {
	return control.CreateDeployment{ID: f.id, BlueprintID: f.blueprint.ID, Inputs: f.values}
}

// refuse takes over what control said of the form.
func (f *launchForm) refuse(err error) {
	refused, ok := errors.AsType[*orchestrator.Error](err)
	if !ok {
		return
	}
	f.blame(refused.Fields)
	if refused.Field != "" && len(refused.Fields) == 0 {
		f.blame(map[string]string{refused.Field: refused.Message})
	}
	if len(f.faults) == 0 {
		f.general = orchestrator.ErrorMessage(err)
	}
}

func (f *launchForm) blame(fields map[string]string) {
	for name, why := range fields {
		if _, ok := f.faults[name]; !ok {
			f.faults[name] = sentence(why)
		}
	}
}

// page lays the form out: where first, then the name, then what must be said,
// and folded away what has a default.
func (f *launchForm) page(chrome views.Chrome, choices choices) views.LaunchPage {
	b := f.blueprint
	at := "/launch/" + b.ID
	page := views.LaunchPage{
		Chrome: chrome, Blueprint: b.ID, Version: "v" + strconv.Itoa(b.Version), Lede: strings.TrimSpace(b.Description),
		Action: at, PreviewAction: at + "/preview", Name: f.nameField(),
	}
	for _, input := range b.Plan.Inputs {
		if input.Hidden {
			continue
		}
		field := f.field(input, choices)
		switch {
		case (input.Name == inputCloud || input.Name == inputEnvType) && field.Kind == views.FieldPicks:
			page.Where = append(page.Where, field)
		case input.HasDefault || !input.Required:
			page.More = append(page.More, field)
		default:
			page.Inputs = append(page.Inputs, field)
		}
	}
	page.Faults = f.summary()
	return page
}

func (f *launchForm) nameField() views.Field {
	return views.Field{
		ID: "id", Name: "id", Label: "Name", Kind: views.FieldText, Value: f.id, Mono: true, Required: true, Shapes: true,
		Help: "Letters, digits, dots, hyphens and underscores. It names everything that is built.", Error: f.faults["id"],
	}
}

// summary lists the fields at fault, each with the way to it.
func (f *launchForm) summary() *views.Notice {
	if f.general != "" {
		return &views.Notice{Tone: views.ToneFail, Title: "It was not launched.", Text: sentence(f.general), Focus: true}
	}
	if !f.asked || len(f.faults) == 0 {
		return nil
	}
	n := &views.Notice{Tone: views.ToneFail, Title: views.Count(len(f.faults), "field") + " need a change.", Focus: true}
	if len(f.faults) == 1 {
		n.Title = "1 field needs a change."
	}
	for _, name := range orchestrator.SortedKeys(f.faults) {
		link := views.Link{Text: name + ": " + f.faults[name], Href: "#" + fieldID(name)}
		if name == "id" {
			link = views.Link{Text: "Name: " + f.faults[name], Href: "#id"}
		}
		n.Items = append(n.Items, link)
	}
	return n
}

func fieldID(input string) string { return "in-" + input }

func (f *launchForm) field(input orchestrator.Input, choices choices) views.Field {
	text, typed := f.texts[input.Name]
	if !typed && input.HasDefault && !isCall(input.Default) {
		text = textOf(input.Default)
	}
	field := views.Field{
		ID: fieldID(input.Name), Name: inputPrefix + input.Name, Label: orDefault(input.DisplayLabel, input.Name),
		Type: describe(input), Value: text, Help: strings.TrimSpace(input.Description), Error: f.faults[input.Name],
		Required: input.Required && !input.HasDefault, Mono: true, Shapes: true, Kind: views.FieldText,
	}
	if isCall(input.Default) {
		field.Placeholder = "worked out at launch"
	}
	options := choices.of(input)
	switch {
	case options != nil:
		field.Kind = views.FieldSelect
		if (input.Name == inputCloud || input.Name == inputEnvType) && len(options) <= 4 {
			field.Kind = views.FieldPicks
		}
		field.Options = choose(options, text, field.Required || text != "")
	case input.Type == "boolean":
		field.Kind = views.FieldSelect
		field.Options = choose([]views.Option{{Value: "true", Text: "true"}, {Value: "false", Text: "false"}}, text, field.Required || text != "")
	case input.Type == "integer" || input.Type == "float":
		field.Kind = views.FieldNumber
	case input.Type == "textarea" || structured(input.Type) || strings.Contains(text, "\n"):
		field.Kind = views.FieldArea
	}
	return field
}

// preselect gives each choice that must be made its first option, as the page
// shows it, so that the preview speaks of what is seen.
func (f *launchForm) preselect(ch choices) {
	for _, input := range f.blueprint.Plan.Inputs {
		_, typed := f.texts[input.Name]
		if typed || input.Hidden || input.HasDefault || !input.Required {
			continue
		}
		if options := ch.of(input); len(options) > 0 {
			f.texts[input.Name], f.values[input.Name] = options[0].Value, options[0].Value
		}
	}
}

// isCall reports whether a default is worked out, so that no text shows it.
func isCall(v orchestrator.Value) bool {
	dict, ok := v.(map[string]orchestrator.Value)
	if !ok || len(dict) != 1 {
		return false
	}
	for name := range dict {
		return strings.HasPrefix(name, "get_") || name == "concat" || strings.HasPrefix(name, "string_")
	}
	return false
}

// choose marks the option that is chosen. Where none needs to be, an empty one
// leads.
func choose(options []views.Option, value string, must bool) []views.Option {
	options = slices.Clone(options)
	for i := range options {
		options[i].Selected = options[i].Value == value
	}
	if value != "" && !slices.ContainsFunc(options, func(o views.Option) bool { return o.Selected }) {
		// Something else must not take the place of what was asked for.
		options = append([]views.Option{{Value: value, Text: value, Selected: true}}, options...)
	}
	if !must {
		options = append([]views.Option{{Text: "not set", Selected: value == ""}}, options...)
	}
	if len(options) > 0 && !slices.ContainsFunc(options, func(o views.Option) bool { return o.Selected }) {
		options[0].Selected = true
	}
	return options
}

// describe says what a field takes: its type and its limits.
func describe(input orchestrator.Input) string {
	text := input.Type
	switch {
	case text == "deployment_id":
		text = "environment"
	case input.ItemType != "":
		text = "list of " + input.ItemType + ", as YAML or JSON"
	case structured(text):
		text += ", as YAML or JSON"
	}
	for _, constraint := range input.Constraints {
		if limit := limitOf(constraint); limit != "" {
			text = strings.TrimPrefix(text+", "+limit, ", ")
		}
	}
	return text
}

func limitOf(c orchestrator.Constraint) string {
	bound := func(i int) string {
		if list, ok := c.Argument.([]orchestrator.Value); ok && i < len(list) {
			return textOf(list[i])
		}
		return textOf(c.Argument)
	}
	switch c.Operator {
	case "in_range":
		return bound(0) + " to " + bound(1)
	case "greater_than":
		return "over " + bound(0)
	case "greater_or_equal":
		return "at least " + bound(0)
	case "less_than":
		return "under " + bound(0)
	case "less_or_equal":
		return "at most " + bound(0)
	case "length":
		return bound(0) + " characters"
	case "min_length":
		return "at least " + bound(0) + " characters"
	case "max_length":
		return "at most " + bound(0) + " characters"
	default:
		return "" // a pattern is no reading matter; valid_values are options; the others explain themselves when broken
	}
}
