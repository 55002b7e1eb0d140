package web

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

// preview says what the form as it stands would build.
func (f *launchForm) preview(p control.Preview) views.Preview {
	shown := views.Preview{Mark: previewMark(p), Command: f.command()}
	if text := f.cell(); text != "" {
		shown.Cell = text
	}
	if p.Refused != "" && len(p.Fields) == 0 {
		shown.Notices = append(shown.Notices, views.Notice{Tone: views.ToneAttn, Title: "It cannot be launched like this.", Text: sentence(p.Refused)})
	}
	if p.Mode.Rehearsal {
		shown.Rehearsal = sentence("This is a rehearsal: "+p.Mode.Reason) + " Nothing in AWS or Azure is touched; minutes run as seconds."
	}
	if p.Resolution == nil {
		return shown
	}
	shown.Legs = legs(p.Resolution.Components, 1)
	shown.Facts = []views.Fact{
		{Term: "Deployments", Value: strconv.Itoa(1 + created(p.Resolution.Components))},
		{Term: "Nodes", Value: strconv.Itoa(len(p.Blueprint.Plan.Nodes) + p.Resolution.Nodes())},
		{Term: "Secrets read", Value: strconv.Itoa(len(p.Resolution.Secrets))},
	}
	if len(p.Resolution.Reads) > 0 {
		shown.Facts = append(shown.Facts, views.Fact{Term: "Reads from", Value: strings.Join(p.Resolution.Reads, ", "), Mono: true})
	}
	return shown
}

func (f *launchForm) commit(p control.Preview) views.Commit {
	return views.Commit{Blueprint: f.blueprint.ID, Rehearsal: p.Mode.Rehearsal, CanRehearse: p.Refused == ""}
}

// legs lists the components in depth-first order.
func legs(components []control.Component, depth int) []views.Leg {
	var out []views.Leg
	for _, component := range components {
		if component.Shared {
			continue // read, not built
		}
		leg := views.Leg{Depth: min(depth, 3), Node: component.Node, Blueprint: orDefault(component.BlueprintID, "known at launch"), Deployment: component.DeploymentID}
		if component.Problem != "" {
			leg.Blueprint = component.Problem
		}
		out = append(out, leg)
		out = append(out, legs(component.Components, depth+1)...)
	}
	return out
}

func created(components []control.Component) int {
	n := 0
	for _, component := range components {
		if !component.Shared {
			n += 1 + created(component.Components)
		}
	}
	return n
}

// previewMark sums a preview up.
func previewMark(p control.Preview) views.Mark {
	switch {
	case p.Refused != "":
		return views.Mark{Kind: "attn", Word: "Cannot be launched"}
	case p.Mode.Rehearsal:
		return views.Mark{Kind: "ok", Word: "Can be rehearsed"}
	default:
		return views.Mark{Kind: "ok", Word: "Can be launched"}
	}
}

func (f *launchForm) cell() string {
	cloud, envType := textOf(f.chosen(inputCloud)), textOf(f.chosen(inputEnvType))
	if cloud == "" || envType == "" {
		return ""
	}
	return cloud + " × " + envType
}

// chosen is an input's value as the form stands, its default included.
func (f *launchForm) chosen(name string) orchestrator.Value {
	if v, ok := f.values[name]; ok {
		return v
	}
	for _, input := range f.blueprint.Plan.Inputs {
		if input.Name == name && !isCall(input.Default) {
			return input.Default
		}
	}
	return nil
}

// command is the same launch on the command line.
func (f *launchForm) command() string {
	id := f.id
	if id == "" {
		id = "NAME"
	}
	line := fmt.Sprintf("slipway deployments create %s -b %s", quote(id), f.blueprint.ID)
	var given []string
	for _, input := range f.blueprint.Plan.Inputs {
		text, typed := f.texts[input.Name]
		if !typed || text == "" || input.HasDefault && text == textOf(input.Default) {
			continue
		}
		given = append(given, "-i "+quote(input.Name+"="+text))
	}
	if len(given) > 0 {
		line += " \\\n  " + strings.Join(given, " \\\n  ")
	}
	return line + "\nslipway executions start install -d " + quote(id)
}

// quote makes a text one word of a shell.
func quote(text string) string {
	plain := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.=/:,@%+", r) {
			return r
		}
		return -1
	}
	if text != "" && strings.Map(plain, text) == text {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
