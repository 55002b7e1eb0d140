package views

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/views/timeline"
)

// TimelineView is a timeline with what stands above it.
type TimelineView struct {
	Chart timeline.Chart
	Count string // "29 nodes, 7 executions"
}

// RowMark is the state of a row as people read it.
func RowMark(s timeline.State) Mark {
	switch s {
	case timeline.Done:
		return Mark{"ok", "Done"}
	case timeline.Running:
		return Mark{"running", "Running"}
	case timeline.Retrying:
		return Mark{"attn", "Retrying"}
	case timeline.Failed:
		return Mark{"fail", "Failed"}
	case timeline.Stopped:
		return Mark{"cancelled", "Left in the middle"}
	case timeline.NotBegun:
		return Mark{"cancelled", "Not begun"}
	default:
		return Mark{"queued", "Waiting"}
	}
}

// rowName names a row that may stand for several nodes.
func rowName(r timeline.Row) string {
	switch {
	case r.More == 0:
		return r.Name
	case r.Begun:
		return Count(r.More, "more node")
	case r.More == 1:
		return r.Name
	default:
		return r.Name + " and " + strconv.Itoa(r.More-1) + " more"
	}
}

// rowTook is a row's last column.
func rowTook(r timeline.Row) string {
	switch {
	case r.Begun:
		return Took(r.Took)
	case r.State == timeline.Waiting:
		return "waits"
	default:
		return "not begun"
	}
}

// rowStory is what a row's bars say, in words.
func rowStory(r timeline.Row) string {
	if !r.Begun {
		return RowMark(r.State).Word
	}
	parts := []string{RowMark(r.State).Word, "began after " + Took(r.Began)}
	if r.Chain {
		parts = append(parts, "on the longest chain")
	}
	if r.Tries > 0 {
		parts = append(parts, FailedTries(r.Tries))
	}
	return strings.Join(parts, ", ")
}

// FailedTries counts attempts that failed.
func FailedTries(n int) string {
	if n == 1 {
		return "1 failed try"
	}
	return strconv.Itoa(n) + " failed tries"
}

// part is a place on the chart, as SVG takes it.
func part(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) + "%" }

// level is a height within a row of 26 pixels.
func level(l timeline.Level) string {
	return [...]string{timeline.Top: "0", timeline.Middle: "13", timeline.Bottom: "26"}[l]
}

// tickText labels the scale in the unit that it counts in.
func tickText(at time.Duration) string {
	switch {
	case at == 0:
		return "0"
	case at < time.Second:
		return fmt.Sprintf("%.1f s", at.Seconds())
	case at < time.Minute:
		return strconv.FormatFloat(at.Seconds(), 'f', -1, 64) + " s"
	case at < time.Hour:
		return strconv.FormatFloat(at.Minutes(), 'f', -1, 64) + " min"
	default:
		return strconv.FormatFloat(at.Hours(), 'f', -1, 64) + " h"
	}
}

// tickRoom is how far to the right a mark still has room for its label.
const tickRoom = 93
