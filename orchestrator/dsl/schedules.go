package dsl

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zone names must not depend on what the machine has installed

	"github.com/slipwayhq/slipway/orchestrator/eval"
)

var (
	// momentLayouts are the forms of a moment; what is written without zone is
	// in the schedule's timezone, else in UTC.
	momentLayouts = []string{"2006-1-2 15:04", "2006-1-2 15:04:05"}

	// storedMoment is how the plan writes a moment, in UTC.
	storedMoment = "2006-01-02 15:04:05"

	clockTime = regexp.MustCompile(`^\d{1,2}:\d{2}$`)

	// delta is a sum of spans: "+1y+10d", "+2 weeks", "3 hours".
	delta = regexp.MustCompile(`^(?:\s*\+?\s*\d+\s*(?:minutes?|min|hours?|h|days?|d|weeks?|w|months?|mo|years?|y)\s*)+$`)

	weekday = regexp.MustCompile(`^(?:[1-4]|l-)?(?:su|mo|tu|we|th|fr|sa)$`)
)

// scheduleOf reads one default schedule. Moments are turned into UTC; spans and
// times of the day stay as written, since only the creation of a deployment
// knows what they start from.
func (c *compiler) scheduleOf(e entry, path string) Value {
	out := e.value.values()
	zone := time.UTC
	if n := e.value.get("timezone"); n != nil && n.kind == stringKind {
		found, err := time.LoadLocation(n.text())
		if err != nil || found == time.Local { // that of the machine is no zone of a blueprint
			c.fail(codeStructure, n.at, path+".timezone", "there is no timezone %q", n.text()).Hint = "write UTC, or a place such as Europe/Paris"
			found = time.UTC
		}
		zone = found
	}
	relative := false
	for _, key := range []string{"since", "until"} {
		n := e.value.get(key)
		if n == nil || n.kind != stringKind {
			continue
		}
		text, isClock, err := moment(n.text(), zone)
		if err != nil {
			c.fail(codeStructure, n.at, dotted(path, key), "%v", err)
			continue
		}
		out[key] = text
		relative = relative || isClock
	}
	if !relative {
		delete(out, "timezone")
	}
	if n := e.value.get("recurrence"); n != nil && n.kind == stringKind && !delta.MatchString(n.text()) {
		c.fail(codeStructure, n.at, path+".recurrence", "the recurrence %q is not a span of time such as \"2 weeks\"", n.text())
	}
	for i, item := range e.value.get("weekdays").list() {
		if !weekday.MatchString(strings.ToLower(item.text())) {
			c.fail(codeStructure, item.at, indexed(path+".weekdays", i), "%s is not a weekday; write su, mo, tu, we, th, fr or sa, perhaps with 1 to 4 or l- in front", describe(item.value()))
		}
	}
	c.checkScheduleParameters(e.value.get("workflow_parameters"), path+".workflow_parameters")
	return out
}

// moment reads "since" and "until": a moment, a time of the day, or a span.
func moment(text string, zone *time.Location) (stored string, isClock bool, err error) {
	for _, layout := range momentLayouts {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t.UTC().Format(storedMoment), false, nil
		}
	}
	switch {
	case clockTime.MatchString(text):
		return text, true, nil
	case strings.HasPrefix(text, "+") && delta.MatchString(text):
		return text, false, nil
	}
	return "", false, fmt.Errorf("%q is neither a moment such as \"2030-01-31 10:00\" nor a span such as \"+2 weeks\"", text)
}

// checkScheduleParameters refuses what is only known at run time.
func (c *compiler) checkScheduleParameters(n *node, path string) {
	if n == nil {
		return
	}
	values := append([]Value{n.value()}, valuesOf(n)...)
	if slices.ContainsFunc(values, func(v Value) bool { call, ok := eval.AsCall(v); return ok && call.Name == "get_attribute" }) {
		c.fail(codeStructure, n.at, path, "parameters of a schedule cannot be a get_attribute: they are fixed before anything runs")
	}
}

func valuesOf(n *node) []Value {
	var out []Value
	for _, e := range n.each() {
		out = append(out, e.value.value())
	}
	return out
}
