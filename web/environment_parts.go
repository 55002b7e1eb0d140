package web

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

// portrait is what is known about an environment when its page is drawn.
type portrait struct {
	actor        orchestrator.Actor
	now          time.Time
	tree         *control.Tree
	capabilities []control.Capability
	runs         []orchestrator.Execution // newest first
	runCount     int
	picked       string // instance id
	workload     *views.Link
}

// draw says all of it. It is a function of the portrait alone.
func (p portrait) draw() views.EnvironmentParts {
	d, latest := p.tree.Deployment, p.tree.Latest
	s := look(p.tree, p.now, p.picked, func(instance string) string { return "/environments/" + d.ID + "?node=" + url.QueryEscape(instance) })
	if s.pickedNode != nil {
		s.pickedNode.Clear = "/environments/" + d.ID
	}
	parts := views.EnvironmentParts{
		Name: d.ID, Cell: views.CellName(d.CloudType, d.EnvType), Rehearsed: d.Rehearsal,
		State:    views.EnvironmentMark(d.InstallationStatus, d.DeploymentStatus, latest),
		Sentence: p.sentence(s), Actions: p.actions(s), Progress: p.progress(s), Facts: p.facts(s), Failure: p.failure(),
		Executions: p.strip(), Topology: s.view(d.ID), Waiting: s.waitingFor(), Nodes: s.rows,
	}
	if p.runCount > len(p.runs) {
		parts.AllRuns = views.Link{Text: "All " + strconv.Itoa(p.runCount), Href: "/executions?q=" + d.ID}
	}
	for _, row := range s.rows {
		if row.Component {
			parts.Components = append(parts.Components, row)
		}
	}
	parts.Capabilities, parts.Ready = p.offers()
	return parts
}

// running reports whether work is under way.
func (p portrait) running() bool { return p.tree.Latest != nil && !p.tree.Latest.Status.Final() }

func (p portrait) sentence(s *survey) string {
	latest := p.tree.Latest
	if latest == nil {
		return "Created " + views.Ago(p.tree.Deployment.CreatedAt, p.now).Text + ", not installed yet."
	}
	if !latest.Status.Final() {
		return p.happening(s)
	}
	ended := views.Ago(latest.EndedAt, p.now).Text
	switch {
	case latest.Status == orchestrator.Failed:
		return fmt.Sprintf("The %s failed %s, after %s. What is up stays up until you uninstall it.", latest.Workflow, ended, took(*latest, p.now))
	case latest.Status == orchestrator.Cancelled:
		return fmt.Sprintf("The %s was cancelled %s. What is up stays up until you uninstall it.", latest.Workflow, ended)
	case latest.Workflow == "uninstall":
		return "Taken down " + ended + "."
	case latest.Workflow == "install":
		return fmt.Sprintf("%s came up in %s, %s.", views.Count(s.nodes, "node"), took(*latest, p.now), ended)
	default:
		return fmt.Sprintf("%s completed %s.", latest.Workflow, ended)
	}
}

// happening names up to two things that are being worked on.
func (p portrait) happening(s *survey) string {
	latest := p.tree.Latest
	if latest.Status.Cancelling() {
		return "Cancelling: what is in flight finishes first, nothing new starts."
	}
	var doing []string
	for _, w := range s.waiting {
		if len(doing) == 2 {
			doing = append(doing, fmt.Sprintf("%d more", len(s.waiting)-2))
			break
		}
		doing = append(doing, w.Name)
	}
	if len(doing) > 0 {
		return "Now: " + strings.Join(doing, ", ") + "."
	}
	if latest.Reason != "" {
		return sentence(latest.Reason)
	}
	return "It has been asked for and starts in a moment."
}

func (p portrait) progress(s *survey) *views.Progress {
	if !p.running() {
		return nil
	}
	// Components that are not there yet, or not any more, count as expected: a
	// total that moves tells nobody how far it is.
	total := max(s.instances, p.tree.Deployment.ExpectedNodes)
	done := s.up
	if p.tree.Latest.Workflow == "uninstall" {
		done = total - s.live
	}
	return &views.Progress{Done: done, Total: total, Label: progressLabel(done, total, "node")}
}

func (p portrait) facts(s *survey) []views.Fact {
	d := p.tree.Deployment
	created := views.Ago(d.CreatedAt, p.now)
	owner := d.CreatedBy
	if owner == p.actor.Name {
		owner = "you"
	}
	var facts []views.Fact
	if latest := p.tree.Latest; latest != nil {
		fact := views.Fact{Term: strings.ToUpper(latest.Workflow[:1]) + latest.Workflow[1:], Value: took(*latest, p.now)}
		if progress := p.progress(s); progress != nil {
			fact.Value, fact.Quiet = progress.Label, took(*latest, p.now)
		}
		if fact.Value != "" {
			facts = append(facts, fact)
		}
	}
	facts = append(facts, views.Fact{Term: "Owner", Value: owner, Quiet: "team " + d.Team})
	if d.CloudType != "" && d.EnvType != "" {
		facts = append(facts, views.Fact{Term: "Cell", Value: d.CloudType + " × " + d.EnvType, Mono: true})
	}
	return append(facts,
		views.Fact{Term: "Blueprint", Value: d.BlueprintID, Href: "/blueprints/" + d.BlueprintID + "?version=" + strconv.Itoa(d.BlueprintVersion), Quiet: "v" + strconv.Itoa(d.BlueprintVersion)},
		views.Fact{Term: "Created", When: &created})
}

func (p portrait) failure() *views.Notice {
	latest := p.tree.Latest
	if latest == nil || latest.Status != orchestrator.Failed {
		return nil
	}
	return &views.Notice{
		Tone: views.ToneFail, Title: "The " + latest.Workflow + " failed.", Text: clip(strings.TrimSpace(latest.Error), 600),
		Actions: []views.Link{{Text: "Open execution", Href: "/executions/" + latest.ID}},
	}
}

// actions are the buttons of the head, the risky one last.
func (p portrait) actions(s *survey) []views.Action {
	d, latest := p.tree.Deployment, p.tree.Latest
	if d.Parent != "" {
		return nil // a component lives and ends with what it belongs to
	}
	why := ""
	if !control.MayTouch(p.actor, d.CreatedBy) {
		why = "it belongs to " + d.CreatedBy + "; its owner or an operator of the team can"
	}
	at := "/environments/" + d.ID
	if p.running() {
		cancel := views.Action{Text: "Cancel " + latest.Workflow + "…", Href: "/executions/" + latest.ID + "/cancel", Why: why}
		if latest.Status.Cancelling() {
			cancel.Why = "it is being cancelled"
		}
		return []views.Action{cancel}
	}
	if s.live == 0 {
		return []views.Action{
			{Text: "Install", Href: at + "/install", Post: true, Primary: true, Why: why},
			{Text: "Delete…", Href: at + "/delete", Danger: true, Why: why},
		}
	}
	var list []views.Action
	if p.workload != nil && d.InstallationStatus == orchestrator.Active {
		list = append(list, views.Action{Text: p.workload.Text, Href: p.workload.Href, Primary: true})
	}
	return append(list, views.Action{Text: "Uninstall…", Href: at + "/uninstall", Danger: true, Why: why})
}

func (p portrait) strip() []views.ExecutionDot {
	var dots []views.ExecutionDot
	for _, x := range p.runs {
		by := x.CreatedBy
		if by == p.actor.Name {
			by = "you"
		}
		dots = append(dots, views.ExecutionDot{
			Mark: views.OperationMark(&x), Quiet: lasted(x, p.now) + ", " + by, Href: "/executions/" + x.ID,
			Current: p.tree.Latest != nil && x.ID == p.tree.Latest.ID,
		})
	}
	return dots
}

// longValue is from where on a value gets a box of its own.
const longValue = 80

// offers are the capabilities, and how many have a value.
func (p portrait) offers() ([]views.Capability, string) {
	mayReveal := control.MayTouch(p.actor, p.tree.Deployment.CreatedBy)
	needs := map[string]string{}
	for _, defined := range p.tree.Deployment.Capabilities {
		needs[defined.Name] = neededFor(defined.Value)
	}
	var list []views.Capability
	ready := 0
	for _, c := range p.capabilities {
		shown := offer(c, p.running() && p.tree.Latest.Workflow == "install", needs[c.Name])
		if c.Known {
			ready++
		}
		if shown.Masked && mayReveal {
			shown.Reveal = "/environments/" + p.tree.Deployment.ID + "/capabilities/" + url.PathEscape(c.Name) + "/reveal"
		}
		list = append(list, shown)
	}
	if len(list) == 0 {
		return nil, ""
	}
	return list, fmt.Sprintf("%d of %d ready", ready, len(list))
}

// offer is a capability as a page shows it; needs names the node that its value
// comes from.
func offer(c control.Capability, coming bool, needs string) views.Capability {
	shown := views.Capability{Name: c.Name, Description: c.Description}
	switch {
	case !c.Known && coming && needs != "":
		shown.Pending = "waits for " + needs
	case !c.Known && coming:
		shown.Pending = "not there yet"
	case !c.Known:
		shown.Pending = "not built"
	case c.Sensitive && c.Value == nil:
		shown.Masked = true
	default:
		shown.Value = textOf(c.Value)
		shown.Link = strings.HasPrefix(shown.Value, "https://") || strings.HasPrefix(shown.Value, "http://")
		shown.Long = strings.Contains(shown.Value, "\n") || len(shown.Value) > longValue && !shown.Link
	}
	return shown
}

// textOf writes a value for people: text as it is, the rest as JSON. Marks stay
// marks.
func textOf(v orchestrator.Value) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case map[string]orchestrator.Value, []orchestrator.Value:
		text, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return "a value that cannot be written as JSON"
		}
		return string(text)
	default:
		return fmt.Sprint(v)
	}
}
