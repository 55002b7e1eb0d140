package views

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/slipwayhq/slipway/orchestrator"
)

// chunkLines is how many lines of a log share their three text nodes. More
// elements cost memory (an element a line takes 1.8 GB at 200,000 lines), fewer
// would make browsers lay out too much at once.
const chunkLines = 500

// Line is one event as the log shows it. The JSON names are short because the
// stream sends very many of them.
type Line struct {
	Number int64  `json:"n"`
	Time   string `json:"t"`
	Level  string `json:"l"` // "warning", "error" or empty
	Text   string `json:"x"`
	// Group is the step of the log that the line belongs to, on a page that has
	// them.
	Group string `json:"g,omitempty"`
}

// LogLine turns an event into its line: who speaks, then what they say.
func LogLine(e orchestrator.Event) Line {
	line := Line{Number: e.Seq, Time: e.At.UTC().Format("15:04:05.000"), Text: speaker(e) + e.Message}
	switch {
	case e.Level == "error" || e.Level == "critical" || e.Type == orchestrator.EventTaskFailed || e.Type == orchestrator.EventWorkflowFailed:
		line.Level = "error"
	case e.Level == "warning" || e.Type == orchestrator.EventTaskRescheduled:
		line.Level = "warning"
	}
	for _, cause := range e.Causes {
		if cause.Message != "" && !strings.Contains(line.Text, cause.Message) {
			line.Text += "\n    caused by " + cause.Message
		}
	}
	return line
}

// speaker names the node and, where there is one, the operation in short. A
// component's node says whose it is: environments have several called "network".
func speaker(e orchestrator.Event) string {
	if e.NodeID == "" {
		return e.DeploymentID + ": "
	}
	name := e.NodeID
	if e.ExecutionID != e.RootID {
		name = e.DeploymentID + "/" + name
	}
	if operation := e.Operation[strings.LastIndexByte(e.Operation, '.')+1:]; operation != "" {
		name += " " + operation
	}
	return name + ": "
}

// Log is a log as a page opens with it; follow.js appends what comes after.
type Log struct {
	Heading string // "Log"; the execution page has it as the only content
	Root    string // root execution: with the number, the stream's cursor
	Chunks  []Chunk
	Groups  []LogGroup // the lines by step, instead of Chunks
	Grouped bool       // the page has steps, even while none has said anything
	Total   string     // "419 lines"
	Last    int64      // number of the last line shown
	Seen    int64      // number of the last event read, shown or filtered out
	Live    bool       // more lines are to come
	Whole   bool       // it is a root execution's: every number is a line of it
	Filters []Filter
	Search  Search
	// Node is the node that the log is narrowed to; ClearNode shows all again.
	Node, ClearNode string
	Matches         string // "61 lines match"; empty without a filter
	Earlier         *Link  // older lines that the page leaves out
	FirstError      int64  // number of the first line that is one; 0 for none
	Text            string // address of the log as plain text
	Execution       *Link
	Empty           string // what to say when there is no line
}

// LogGroup is what one step of an execution said, folded away unless it runs or
// failed.
type LogGroup struct {
	Key, Title string
	Mark       Mark
	Note       string // "create, start, 1 failed try"
	Took       string
	Open       bool
	Chunks     []Chunk
}

// Chunk is up to 500 lines as three texts of equally many rows.
type Chunk struct {
	First, Count   int64
	Full           bool
	Numbers, Times string
	Words          []Words
}

// Words is a stretch of a chunk's text. Level and Number are set around a warning
// or error, which can be linked to without scripting.
type Words struct {
	Level, Text string
	Number      int64
}

// Chunks packs lines. A message of several rows keeps its number on the first.
func Chunks(lines []Line) []Chunk {
	var out []Chunk
	for start := 0; start < len(lines); start += chunkLines {
		out = append(out, chunk(lines[start:min(start+chunkLines, len(lines))]))
	}
	return out
}

func chunk(lines []Line) Chunk {
	var numbers, times strings.Builder
	c := Chunk{First: lines[0].Number, Count: int64(len(lines)), Full: len(lines) == chunkLines}
	for _, line := range lines {
		rows := strings.Repeat("\n", strings.Count(line.Text, "\n")+1)
		numbers.WriteString(strconv.FormatInt(line.Number, 10) + rows)
		times.WriteString(line.Time + rows)
		text := line.Text + "\n"
		if last := len(c.Words) - 1; last >= 0 && line.Level == "" && c.Words[last].Level == "" {
			c.Words[last].Text += text
		} else {
			c.Words = append(c.Words, Words{Level: line.Level, Text: text, Number: line.Number})
		}
	}
	c.Numbers, c.Times = numbers.String(), times.String()
	return c
}

// PlainText is a line of the log at its stable address, for files and curl.
func PlainText(e orchestrator.Event) string {
	level := e.Level
	if level == "" {
		level = "event"
	}
	return fmt.Sprintf("%6d  %s  %-7s  %s%s\n", e.Seq, e.At.UTC().Format(time.RFC3339Nano), level, speaker(e), e.Message)
}

// preformatted writes one text node, to the letter. Templates may add space
// between elements, which a <pre> would show.
func preformatted(class, text string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, `<pre class="`+class+`" aria-hidden="true">`+templ.EscapeString(text)+`</pre>`)
		return err
	})
}

// words writes the text of a chunk, with a span around warnings and errors only.
func words(stretches []Words) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var out strings.Builder
		out.WriteString(`<pre class="words">`)
		for _, s := range stretches {
			if s.Level == "" {
				out.WriteString(templ.EscapeString(s.Text))
				continue
			}
			out.WriteString(`<span class="line-` + templ.EscapeString(s.Level) + `" id="L` + strconv.FormatInt(s.Number, 10) + `">` + templ.EscapeString(s.Text) + `</span>`)
		}
		out.WriteString("</pre>")
		_, err := io.WriteString(w, out.String())
		return err
	})
}
