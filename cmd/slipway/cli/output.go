package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// say prints what a command did, for people; with --json nothing but JSON goes
// to the output.
func (c *cli) say(format string, args ...any) error {
	if c.output.json {
		return nil
	}
	_, err := fmt.Fprintf(c.out, format+"\n", args...)
	return err
}

// notice prints beside the output. That it cannot be printed stops nothing.
func (c *cli) notice(format string, args ...any) {
	_, _ = fmt.Fprintf(c.errOut, format, args...)
}

// noticeRehearsal is the first line of whatever concerns a rehearsal.
func (c *cli) noticeRehearsal(is bool) {
	if is {
		c.notice("REHEARSAL: built-in clouds stand in for the real ones; nothing real is made, changed or paid for\n")
	}
}

// printObject prints one JSON document.
func (c *cli) printObject(v any) error {
	encoder := json.NewEncoder(c.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// printItems prints a list: as JSON one array, else a table.
func (c *cli) printItems(title string, shown []column, list page) error {
	if c.output.json {
		if list.Items == nil {
			list.Items = []json.RawMessage{}
		}
		return c.printObject(list.Items)
	}
	rows, err := decodeRows(list.Items)
	if err != nil {
		return err
	}
	if err := c.printTable(title, shown, rows); err != nil {
		return err
	}
	if total := list.Metadata.Pagination.Total; total > len(rows) {
		return c.say("Showing %d of %d; -o OFFSET and -s SIZE show others", len(rows), total)
	}
	return nil
}

func decodeRows(items []json.RawMessage) ([]map[string]any, error) {
	rows := make([]map[string]any, len(items))
	for i, item := range items {
		decoder := json.NewDecoder(strings.NewReader(string(item)))
		decoder.UseNumber()
		if err := decoder.Decode(&rows[i]); err != nil {
			return nil, fmt.Errorf("read the server's answer: %w", err)
		}
	}
	return rows, nil
}

// column is a column of a table: its heading, and the field it shows.
type column struct{ heading, field string }

// columns shows fields under their own names; "heading=field" renames one.
func columns(fields ...string) []column {
	shown := make([]column, len(fields))
	for i, field := range fields {
		heading, name, renamed := strings.Cut(field, "=")
		if !renamed {
			name = heading
		}
		shown[i] = column{heading, name}
	}
	return shown
}

// printTable draws a table as cfy does.
func (c *cli) printTable(title string, shown []column, rows []map[string]any) error {
	cells := [][]string{make([]string, len(shown))}
	widths := make([]int, len(shown))
	for i, col := range shown {
		cells[0][i] = col.heading
	}
	for _, row := range rows {
		line := make([]string, len(shown))
		for i, col := range shown {
			line[i] = abbreviate(cell(col.field, row[col.field]))
		}
		cells = append(cells, line)
	}
	for _, line := range cells {
		for i, text := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	var b strings.Builder
	rule := tableRule(widths)
	fmt.Fprintf(&b, "%s:\n%s", title, rule)
	for n, line := range cells {
		for i, text := range line {
			b.WriteString("| " + text + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)+1))
		}
		b.WriteString("|\n")
		if n == 0 {
			b.WriteString(rule)
		}
	}
	if len(rows) > 0 {
		b.WriteString(rule)
	}
	_, err := io.WriteString(c.out, b.String())
	return err
}

func tableRule(widths []int) string {
	var b strings.Builder
	for _, width := range widths {
		b.WriteString("+" + strings.Repeat("-", width+2))
	}
	return b.String() + "+\n"
}

// printFields prints one thing as lines of name and value.
func (c *cli) printFields(raw json.RawMessage, fields ...string) error {
	if c.output.json {
		return c.printObject(raw)
	}
	rows, err := decodeRows([]json.RawMessage{raw})
	if err != nil {
		return err
	}
	width := 0
	shown := columns(fields...)
	for _, col := range shown {
		width = max(width, len(col.heading))
	}
	for _, col := range shown {
		if _, err := fmt.Fprintf(c.out, "%-*s  %s\n", width+1, col.heading+":", cell(col.field, rows[0][col.field])); err != nil {
			return err
		}
	}
	return nil
}

// printValues prints names with values, and their descriptions.
func (c *cli) printValues(values map[string]described) error {
	if c.output.json {
		return c.printObject(values)
	}
	for _, name := range sortedKeys(values) {
		v := values[name]
		line := fmt.Sprintf(" - %q:", name)
		if v.Description != "" {
			line += "\n     Description: " + printable(v.Description)
		}
		if _, err := fmt.Fprintf(c.out, "%s\n     Value: %s\n", line, printable(text(v.Value))); err != nil {
			return err
		}
	}
	return nil
}

// described is a value with what its author says about it.
type described struct {
	Value       any    `json:"value"`
	Description string `json:"description"`
}

// cell is a field as it is shown: times short, labels as key:value.
func cell(field string, value any) string {
	if moment, ok := value.(string); ok && (field == "at" || strings.HasSuffix(field, "_at")) {
		return printable(shortTime(moment))
	}
	if field == "labels" {
		return labelText(value)
	}
	return strings.ReplaceAll(printable(text(value)), "\n", " ")
}

// text is a value on one line: a text bare, everything else as JSON.
func text(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func labelText(value any) string {
	labels, _ := value.([]any)
	var parts []string
	for _, each := range labels {
		if label, ok := each.(map[string]any); ok {
			parts = append(parts, fmt.Sprintf("%v:%v", label["key"], label["value"]))
		}
	}
	return printable(strings.Join(parts, ","))
}

// shortTime is 2024-05-01T10:00:00.000Z as 2024-05-01 10:00:00.000.
func shortTime(moment string) string {
	return strings.TrimSuffix(strings.Replace(moment, "T", " ", 1), "Z")
}

// printable takes control characters out of a text from elsewhere, so that it
// cannot move the cursor or recolour the terminal; line ends and tabs stay.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < ' ' || r >= 0x7f && r < 0xa0:
			return -1
		default:
			return r
		}
	}, s)
}

// paint colours a text when the output is a terminal.
func (c *cli) paint(colour, s string) string {
	if colour == "" || os.Getenv("NO_COLOR") != "" || !isTerminal(c.out) {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

// The colours, as terminals number them.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	dim    = "2"
)

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func itoa(n int) string { return strconv.Itoa(n) }
