package web

import (
	"fmt"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/views"
)

// stop says what a cancel does before anybody asks for it, and what it did.
// sum may be nil when the environment is gone.
func (s *story) stop(sum *survey, cancel views.Action) *views.Stop {
	switch {
	case s.x.Status == orchestrator.Cancelled:
		return s.cancelled(sum)
	case s.x.Status.Final() || s.x.ParentID != "":
		return nil
	case s.x.Status.Cancelling():
		return &views.Stop{Heading: "Cancelling", Title: "What happens now", Lines: append(inFlight(sum), s.leftOut())}
	default:
		cancel.Text, cancel.Danger = "Cancel "+s.x.Workflow+"…", false
		return &views.Stop{
			Heading: "Stop this execution", Title: "Cancel",
			Action: &cancel,
			Lines:  append(inFlight(sum), s.leftOut(), "What is up stays up; Uninstall takes it down."),
		}
	}
}

func (s *story) cancelled(sum *survey) *views.Stop {
	stop := &views.Stop{Heading: "What Cancel did", Title: "Cancelled"}
	stop.Lines = append(stop.Lines, views.Count(s.acts.done, "operation")+" ended.")
	if n := s.acts.stopped; n > 0 {
		stop.Lines = append(stop.Lines, views.Count(n, "operation")+" waited to be asked again, and "+wasNot(n)+".")
	}
	stop.Lines = append(stop.Lines, s.leftOut())
	if sum != nil && sum.live > 0 {
		stop.Lines = append(stop.Lines, keeps(sum.live)+" running, and costing what they cost.")
		stop.More = &views.Link{Text: "Take down what is up", Href: "/environments/" + s.x.DeploymentID + "/uninstall"}
	}
	return stop
}

// leftOut counts what never begins.
func (s *story) leftOut() string {
	n, cancelled := s.acts.notBegun, s.x.Status == orchestrator.Cancelled
	switch {
	case n == 0 && cancelled:
		return "Nothing was left out."
	case n == 0:
		return "What components have not begun yet is left out."
	case cancelled:
		return views.Count(n, "operation") + " " + wasNot(n) + " begun."
	case n == 1:
		return "1 operation that has not begun is left out."
	default:
		return fmt.Sprintf("%d operations that have not begun are left out.", n)
	}
}

func wasNot(n int) string {
	if n == 1 {
		return "was not"
	}
	return "were not"
}

// inFlight names what a cancel leaves to finish.
func inFlight(sum *survey) []string {
	if sum == nil || len(sum.waiting) == 0 {
		return []string{"Nothing is in flight just now."}
	}
	var names []string
	for _, w := range sum.waiting[:min(3, len(sum.waiting))] {
		names = append(names, w.Name)
	}
	text := strings.Join(names, ", ")
	if more := len(sum.waiting) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return []string{"In flight: " + text + ". A cloud request cannot be taken back half-way; it is left to finish."}
}
