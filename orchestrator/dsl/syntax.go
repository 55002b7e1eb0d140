package dsl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/diag"
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// complaint is what the YAML library says about a text. It tells a line at
// best, in the words of a parser; explain makes a place and a way out of it.
type complaint struct {
	text    string
	lines   []string
	line    int    // from 1
	message string // the library's
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// fromParser are the messages of the library's parser, which counts lines from
// 0 and tells where the collection began that could not be read. Its scanner
// counts from 1 and tells the place itself. Both leave the first line out.
var fromParser = []string{
	"did not find expected key", "did not find expected '-' indicator", "did not find expected ',' or ']'", "did not find expected ',' or '}'",
	"did not find expected node content", "did not find expected <document start>", "found undefined tag handle",
}

// syntaxError makes an error with a place of what the library says.
func syntaxError(file string, text []byte, err error) *yamlError {
	c := complaint{text: string(text), line: 1, message: strings.TrimPrefix(err.Error(), "yaml: ")}
	c.lines = strings.Split(c.text, "\n")
	if m := yamlLine.FindStringSubmatch(c.message); m != nil {
		c.line, _ = strconv.Atoi(m[1])
		c.message = strings.TrimPrefix(c.message, m[0])
		if slices.Contains(fromParser, c.message) {
			c.line++
		}
	}
	c.line = min(c.line, len(c.lines))
	at, message, hint := c.explain()
	return &yamlError{code: codeYAML, at: orchestrator.Range{File: file, Start: at, End: at}, message: "this is not YAML: " + message, hint: hint}
}

// explain returns where the text is wrong, what is wrong, and the way out where
// one can be guessed.
func (c *complaint) explain() (at orchestrator.Position, message, hint string) {
	if at, ok := c.badBytes(); ok {
		return at, c.message, "save the file as UTF-8, without control characters"
	}
	if anchor, ok := strings.CutPrefix(c.message, "unknown anchor '"); ok {
		return c.unknownAnchor(strings.TrimSuffix(anchor, "' referenced"))
	}
	if c.message == "did not find expected key" || c.message == "did not find expected '-' indicator" {
		c.line = c.firstBadLine()
	}
	for _, mark := range []string{"<<<<<<<", "=======", ">>>>>>>"} {
		if strings.HasPrefix(c.current(), mark) {
			return c.column(0), "a conflict of merging is left in the file", "resolve it and leave its marks out"
		}
	}
	for _, mark := range []string{"{%", "{{"} {
		if i := strings.Index(c.current(), mark); i >= 0 {
			return c.column(i), "this is a template", "a blueprint has calls in place of templates, such as {get_input: name}"
		}
	}
	if tab := strings.IndexByte(c.current(), '\t'); tab >= 0 && tab < indent(c.current()) {
		return c.column(tab), "the line is indented with a tab", "indent with spaces only"
	}
	for _, known := range explanations {
		if strings.HasPrefix(c.message, known.message) {
			if column, message, hint := known.explain(c); message != "" {
				return c.column(column), message, hint
			}
		}
	}
	return c.column(indent(c.current())), c.message, ""
}

// explanations are by the library's message. Each returns an index in the
// current line, a message and a hint; no message where it knows no better.
var explanations = []struct {
	message string
	explain func(*complaint) (column int, message, hint string)
}{
	{"mapping values are not allowed", (*complaint).misplacedColon},
	{"did not find expected key", (*complaint).misplacedLine},
	{"did not find expected '-' indicator", (*complaint).misplacedLine},
	{"did not find expected <document start>", (*complaint).leftOfAll},
	{"did not find expected ',' or", (*complaint).noComma},
	{"did not find expected node content", (*complaint).openBracket},
	{"found unexpected end of stream", (*complaint).openQuote},
	{"could not find expected ':'", (*complaint).noColon},
	{"block sequence entries are not allowed", (*complaint).listInLine},
	{"found unknown escape character", (*complaint).backslash},
	{"", (*complaint).badStart},
}

// current is the line complained about, without what ends it.
func (c *complaint) current() string { return strings.TrimRight(c.lines[c.line-1], "\r") }

// column is the position of an index in the current line.
func (c *complaint) column(index int) orchestrator.Position {
	line := c.current()
	return orchestrator.Position{Line: c.line, Column: utf8.RuneCountInString(line[:min(index, len(line))]) + 1}
}

// before returns the number of the last line before the current one that holds
// something, and the line; 0 when there is none.
func (c *complaint) before() (int, string) {
	for i := c.line - 1; i > 0; i-- {
		line := strings.TrimRight(c.lines[i-1], "\r")
		if written := strings.TrimSpace(line); written != "" && !strings.HasPrefix(written, "#") {
			return i, line
		}
	}
	return 0, ""
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

// badBytes finds what no YAML text may hold.
func (c *complaint) badBytes() (orchestrator.Position, bool) {
	if !strings.Contains(c.message, "UTF-8") && c.message != "control characters are not allowed" {
		return orchestrator.Position{}, false
	}
	for i, line := range c.lines {
		for j, r := range line {
			if r == utf8.RuneError || r < ' ' && r != '\t' && r != '\r' || r >= 0x7f && r < 0xa0 && r != 0x85 {
				c.line = i + 1
				return c.column(j), true
			}
		}
	}
	return orchestrator.Position{}, false
}

var anchors = regexp.MustCompile(`[\s\[{,]&([\w-]+)`)

func (c *complaint) unknownAnchor(name string) (orchestrator.Position, string, string) {
	used := regexp.MustCompile(`(?:^|[\s\[{,])(\*` + regexp.QuoteMeta(name) + `)(?:[\s\]},]|$)`)
	index := 0
	for i, line := range c.lines {
		if m := used.FindStringSubmatchIndex(line); m != nil && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			c.line, index = i+1, m[2]
			break
		}
	}
	var names []string
	for _, m := range anchors.FindAllStringSubmatch(c.text, -1) {
		names = append(names, m[1])
	}
	hint := diag.DidYouMean(name, names)
	if hint == "" {
		hint = "an anchor, &" + name + ", stands before its aliases, in the same file"
	}
	return c.column(index), fmt.Sprintf("there is no anchor %q above", name), hint
}

// maxSearched bounds the texts that are read again to find a line.
const maxSearched = 256 << 10

// firstBadLine finds the line at which the complaint comes up. The library
// tells only where the map or list began, and stops at the first error: the
// lines up to there fail alike, fewer do not.
func (c *complaint) firstBadLine() int {
	if len(c.text) > maxSearched {
		return c.line
	}
	low, high := c.line, len(c.lines)
	for low < high {
		middle := (low + high) / 2
		if c.failsWith(middle) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

func (c *complaint) failsWith(lines int) bool {
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(strings.Join(c.lines[:lines], "\n"))))
	for {
		var document yaml.Node
		if err := decoder.Decode(&document); err != nil {
			return !errors.Is(err, io.EOF) && strings.HasSuffix(err.Error(), c.message)
		}
	}
}

var (
	colonInLine  = regexp.MustCompile(`:(?:\s|$)`)
	noSpaceColon = regexp.MustCompile(`^\s*(?:- +)?[\w.-]+:[^\s:]\S*$`)
	noSpaceDash  = regexp.MustCompile(`^\s*-[^\s-]`)
	oneWord      = regexp.MustCompile(`^\s*(?:- +)?[\w.-]+$`)
)

// misplacedColon explains a key where none can be.
func (c *complaint) misplacedColon() (int, string, string) {
	line, start := c.current(), indent(c.current())
	if colons := colonInLine.FindAllStringIndex(withoutQuoted(line), 2); len(colons) == 2 {
		value := strings.TrimSpace(line[colons[0][1]:colons[1][0]])
		hint := "write the value in quotes"
		if eval.IsFunction(value) {
			hint = "write a call in braces: {" + value + ": …}"
		}
		return colons[1][0], "a value that is not in quotes holds a colon", hint
	}
	above, before := c.before()
	message := "a key cannot stand here"
	switch {
	case above == 0:
		return 0, "", ""
	case noSpaceDash.MatchString(before):
		return start, message, fmt.Sprintf("write a space after the dash in line %d", above)
	case oneWord.MatchString(before):
		return start, message, fmt.Sprintf("is a colon missing after %s in line %d?", strings.TrimSpace(before), above)
	case noSpaceColon.MatchString(before):
		return start, message, fmt.Sprintf("write a space after the colon in line %d", above)
	case start > indent(before):
		return start, fmt.Sprintf("the line is indented deeper than line %d, which has a value already", above), "indent the keys of a map alike"
	}
	return start, message, "compare the indentation with that of the lines above"
}

// withoutQuoted blanks what is in quotes, and comments.
func withoutQuoted(line string) string {
	out := []byte(line)
	var quote byte
	for i, b := range out {
		switch {
		case quote != 0:
			if b == quote {
				quote = 0
			}
			out[i] = '_'
		case (b == '"' || b == '\'') && (i == 0 || strings.IndexByte(" \t[{,:", out[i-1]) >= 0):
			quote = b
			out[i] = '_'
		case b == '#' && (i == 0 || out[i-1] == ' '):
			return string(out[:i])
		}
	}
	return string(out)
}

var afterQuote = regexp.MustCompile(`(?:^\s*|[:-]\s+)(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*([^\s,:#\]}])`)

// misplacedLine explains a line that does not go on with the map or list it
// stands in.
func (c *complaint) misplacedLine() (int, string, string) {
	line := c.current()
	if m := afterQuote.FindStringSubmatchIndex(line); m != nil {
		return m[2], "the text goes on after its closing quote", "write all of it in quotes, of the other kind where it holds some"
	}
	if column, message, hint := c.openBracket(); message != "" {
		return column, message, hint
	}
	start := indent(line)
	var levels []string
	for i, least := c.line-1, start+100; i > 0 && len(levels) < 4; i-- {
		above := strings.TrimRight(c.lines[i-1], "\r")
		if written := strings.TrimSpace(above); written == "" || written[0] == '#' || indent(above) >= least {
			continue
		}
		least = indent(above)
		if least == start {
			if item := strings.HasPrefix(line[start:], "- "); item != strings.HasPrefix(above[start:], "- ") {
				return start, "items of a list and keys of a map stand at the same indentation", "indent one of them deeper"
			}
		}
		levels = append(levels, strconv.Itoa(least))
	}
	return start, fmt.Sprintf("the indentation of %d spaces fits none of the lines above", start),
		"lines above that it could go on with are indented by " + strings.Join(levels, ", ")
}

func (c *complaint) leftOfAll() (int, string, string) {
	start := indent(c.current())
	for _, line := range c.lines[:c.line-1] {
		if written := strings.TrimSpace(withoutQuoted(line)); written != "" && written != "---" {
			if start < indent(line) {
				return start, "the line begins left of the file's first one", "indent all sections alike"
			}
			break
		}
	}
	return start, "a second document begins here; a blueprint is exactly one", ""
}

// openBracket explains braces and brackets that do not match, which began in
// the current line.
func (c *complaint) openBracket() (int, string, string) {
	closing := map[byte]byte{'{': '}', '[': ']'}
	var open []int
	line := c.current()
	for i, b := range []byte(withoutQuoted(line)) {
		switch b {
		case '{', '[':
			open = append(open, i)
		case '}', ']':
			if len(open) == 0 {
				return i, fmt.Sprintf("%q closes nothing", string(b)), ""
			}
			if want := closing[line[open[len(open)-1]]]; b != want {
				return i, fmt.Sprintf("%q cannot close the %q", string(b), string(line[open[len(open)-1]])), fmt.Sprintf("write %q before it", string(want))
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) == 0 {
		return 0, "", ""
	}
	last := open[len(open)-1]
	return last, fmt.Sprintf("the %q is not closed, or a comma is missing in it", string(line[last])), fmt.Sprintf("close it with %q", string(closing[line[last]]))
}

func (c *complaint) noComma() (int, string, string) {
	if column, message, hint := c.openBracket(); message != "" {
		return column, message, hint
	}
	if i := strings.IndexAny(withoutQuoted(c.current()), "{["); i >= 0 {
		return i, fmt.Sprintf("a comma is missing after this %q", c.current()[i:i+1]), "write values that hold a colon or a quote in quotes"
	}
	return 0, "", ""
}

// openQuote explains a quote that the rest of the file does not close.
func (c *complaint) openQuote() (int, string, string) {
	line := c.current()
	blanked := withoutQuoted(line)
	for i := len(blanked) - 1; i >= 0; i-- {
		if blanked[i] == '_' && (line[i] == '"' || line[i] == '\'') && strings.Trim(blanked[i:], "_") == "" {
			return i, "the quote is not closed", fmt.Sprintf("end the text with %s", string(line[i]))
		}
	}
	return 0, "", ""
}

func (c *complaint) noColon() (int, string, string) {
	line := c.current()
	return indent(line), "the line has no colon after its key", fmt.Sprintf("write %q, or %q for an item of a list", strings.TrimSpace(line)+":", "- "+strings.TrimSpace(line))
}

func (c *complaint) listInLine() (int, string, string) {
	dash := strings.LastIndex(c.current(), "- ")
	if dash < 0 || dash == indent(c.current()) {
		return 0, "", ""
	}
	return dash, "a list cannot begin in the line of its key", "begin it in a new line, or write it in brackets"
}

var unknownEscape = regexp.MustCompile(`\\[^0abt\tnvfre "/\\N_LPxuU]`)

func (c *complaint) backslash() (int, string, string) {
	if m := unknownEscape.FindStringIndex(c.current()); m != nil {
		return m[0], c.current()[m[0]:m[1]] + " means nothing in double quotes", "write the backslash twice, or use single quotes"
	}
	return 0, "", ""
}

var reserved = regexp.MustCompile("(?:^\\s*|[:?-]\\s+|[\\[{,]\\s*)([@`%*&!|>])")

// badStart explains texts that begin with what means something to YAML.
func (c *complaint) badStart() (int, string, string) {
	m := reserved.FindStringSubmatchIndex(c.current())
	if m == nil {
		return 0, "", ""
	}
	first := c.current()[m[2]:m[3]]
	return m[2], fmt.Sprintf("a text that is not in quotes cannot begin with %s", first), "write it in quotes"
}
