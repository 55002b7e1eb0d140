package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/views"
)

// firstLine is the first line of a message, shortened where it would fill a page.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return clip(line, 300)
}

func clip(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// lasted is how long an execution has been running, or when it ended.
func lasted(x orchestrator.Execution, now time.Time) string {
	if x.Status.Final() {
		return views.Ago(x.EndedAt, now).Text
	}
	return views.Took(now.Sub(begun(x)))
}

// took is how long an execution ran, or has run so far.
func took(x orchestrator.Execution, now time.Time) string {
	switch {
	case x.StartedAt.IsZero():
		return ""
	case x.EndedAt.IsZero():
		return views.Took(now.Sub(x.StartedAt))
	default:
		return views.Took(x.EndedAt.Sub(x.StartedAt))
	}
}

// begun is when it started, or was asked for while it has not.
func begun(x orchestrator.Execution) time.Time {
	if x.StartedAt.IsZero() {
		return x.CreatedAt
	}
	return x.StartedAt
}

func progressLabel(done, total int, noun string) string {
	return fmt.Sprintf("%d of %s", done, views.Count(total, noun))
}

// nodeOf takes the random part off an instance id.
func nodeOf(instanceID string) string {
	if i := strings.LastIndexByte(instanceID, '_'); i > 0 {
		return instanceID[:i]
	}
	return instanceID
}

// sentence gives a text of the inside a capital and a stop.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	if first := text[0]; first >= 'a' && first <= 'z' && !looksLikeName(text) {
		text = string(first-'a'+'A') + text[1:]
	}
	if !strings.ContainsRune(".!?…”", rune(text[len(text)-1])) {
		text += "."
	}
	return text
}

// looksLikeName reports whether a text begins with an identifier, which keeps
// its case.
func looksLikeName(text string) bool {
	word, _, _ := strings.Cut(text, " ")
	return strings.ContainsAny(word, "_./:")
}
