package diag

import (
	"fmt"
	"io"
	"strings"
)

// maxExcerpt is the widest excerpt line, in characters; longer source lines are
// cut around the caret.
const maxExcerpt = 120

// Render writes the findings for a terminal, each with the line it is about and
// a caret. source returns the text of a file; a file that it does not have is
// shown without excerpt.
func Render(w io.Writer, findings Diagnostics, source func(file string) ([]byte, bool)) error {
	lines := map[string][]string{}
	for _, finding := range findings {
		file := finding.Range.File
		if _, seen := lines[file]; !seen {
			lines[file] = nil
			if text, ok := source(file); ok {
				lines[file] = strings.Split(string(text), "\n")
			}
		}
		if _, err := io.WriteString(w, render(finding, lines[file])); err != nil {
			return fmt.Errorf("write diagnostics: %w", err)
		}
	}
	return nil
}

func render(d Diagnostic, lines []string) string {
	var b strings.Builder
	hint := d.Hint
	d.Hint = ""
	b.WriteString(d.String() + "\n")
	if line := d.Range.Start.Line; line >= 1 && line <= len(lines) {
		text, caret := Excerpt(lines[line-1], d.Range.Start.Column)
		number := fmt.Sprintf("%5d", line)
		fmt.Fprintf(&b, "%s | %s\n", number, text)
		if d.Range.Start.Column > 0 {
			fmt.Fprintf(&b, "%s | %s^\n", strings.Repeat(" ", len(number)), strings.Repeat(" ", caret))
		}
	}
	if d.Path != "" {
		fmt.Fprintf(&b, "  at %s\n", d.Path)
	}
	if len(d.Imports) > 0 {
		fmt.Fprintf(&b, "  imported by %s\n", strings.Join(d.Imports, " > "))
	}
	if hint != "" {
		fmt.Fprintf(&b, "  hint: %s\n", hint)
	}
	return strings.Map(printable, b.String())
}

// printable drops control characters: names come from a stranger's file and must
// not move the cursor or recolour the terminal.
func printable(r rune) rune {
	if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 {
		return -1
	}
	return r
}

// Excerpt returns a source line made fit to print, tabs as single spaces and a
// long line cut around the 1-based column, and the 0-based place of the caret.
func Excerpt(line string, column int) (text string, caret int) {
	runes := []rune(strings.TrimRight(line, "\r\n"))
	for i, r := range runes {
		if r < ' ' || r == 0x7f {
			runes[i] = ' '
		}
	}
	caret = max(0, min(column-1, len(runes)))
	if len(runes) <= maxExcerpt {
		return string(runes), caret
	}
	start := max(0, min(caret-maxExcerpt/2, len(runes)-maxExcerpt))
	return string(runes[start : start+maxExcerpt]), caret - start
}
