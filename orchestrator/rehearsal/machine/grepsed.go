package machine

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// pattern compiles a grep or sed expression. Basic expressions are close enough
// to Go's once their escaped operators are turned round.
func pattern(text string, extended, fold bool) (*regexp.Regexp, error) {
	if !extended {
		text = basicToExtended(text)
	}
	if fold {
		text = "(?i)" + text
	}
	return regexp.Compile(text)
}

func basicToExtended(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		const operators = "(){}|+?"
		switch {
		case text[i] == '\\' && i+1 < len(text) && strings.IndexByte(operators, text[i+1]) >= 0:
			i++
			out.WriteByte(text[i])
		case text[i] == '\\' && i+1 < len(text):
			out.WriteString(text[i : i+2])
			i++
		case strings.IndexByte(operators, text[i]) >= 0:
			out.WriteString(`\` + string(text[i]))
		default:
			out.WriteByte(text[i])
		}
	}
	return out.String()
}

func grep(c *command) int {
	set, rest := flags(c.args, "-e", "-m")
	expression, named := set["-e"]
	if !named {
		if len(rest) == 0 {
			return c.fail(2, "no pattern")
		}
		expression, rest = rest[0], rest[1:]
	}
	if has(set, "-F", "--fixed-strings") {
		expression, set["-E"] = regexp.QuoteMeta(expression), ""
	}
	if has(set, "-x", "--line-regexp") {
		expression = "^" + expression + "$"
	}
	match, err := pattern(expression, has(set, "-E", "-P", "--extended-regexp"), has(set, "-i", "--ignore-case"))
	if err != nil {
		return c.fail(2, "%v", err)
	}
	data, code := c.read(rest)
	found := 0
	for line := range strings.Lines(string(data)) {
		text := strings.TrimSuffix(line, "\n")
		if match.MatchString(text) == has(set, "-v", "--invert-match") {
			continue
		}
		found++
		switch {
		case has(set, "-q", "--quiet", "--silent", "-c", "--count"):
		case has(set, "-o", "--only-matching"):
			c.print(strings.Join(match.FindAllString(text, -1), "\n") + "\n")
		default:
			c.print(text + "\n")
		}
	}
	if has(set, "-c", "--count") {
		c.print(strconv.Itoa(found) + "\n")
	}
	if found > 0 {
		return 0
	}
	return max(code, 1)
}

// sed knows s/…/…/[g], deleting by pattern (/…/d) and printing (-n /…/p, Np).
func sed(c *command) int {
	set, rest := flags(c.args, "-e")
	program, named := set["-e"]
	if !named {
		if len(rest) == 0 {
			return c.fail(1, "no program")
		}
		program, rest = rest[0], rest[1:]
	}
	edit, err := parseSed(program, has(set, "-E", "-r"))
	if err != nil {
		return c.fail(1, "%v", err)
	}
	if !has(set, "-i") {
		data, code := c.read(rest)
		c.print(edit(string(data), has(set, "-n")))
		return code
	}
	for _, name := range rest {
		data, err := c.content(name)
		if err == nil {
			err = c.write(name, []byte(edit(string(data), has(set, "-n"))))
		}
		if err != nil {
			return c.fail(2, "can't read %s: %s", name, reason(err))
		}
	}
	return 0
}

func parseSed(program string, extended bool) (func(text string, quiet bool) string, error) {
	unknown := fmt.Errorf("a rehearsal knows only s/old/new/, /pattern/d and /pattern/p of sed, not %q", program)
	if len(program) < 3 {
		return nil, unknown
	}
	if program[0] == 's' {
		parts := splitUnescaped(program[2:], program[1])
		if len(parts) != 3 {
			return nil, unknown
		}
		match, err := pattern(parts[0], extended, strings.Contains(parts[2], "I"))
		if err != nil {
			return nil, err
		}
		return substitute(match, parts[1], strings.Contains(parts[2], "g"), strings.Contains(parts[2], "p")), nil
	}
	parts := splitUnescaped(program[1:], '/')
	if program[0] != '/' || len(parts) != 2 || parts[1] != "d" && parts[1] != "p" {
		return nil, unknown
	}
	match, err := pattern(parts[0], extended, false)
	if err != nil {
		return nil, err
	}
	return func(text string, quiet bool) string {
		var out strings.Builder
		for line := range strings.Lines(text) {
			matched := match.MatchString(strings.TrimSuffix(line, "\n"))
			if !quiet && (parts[1] != "d" || !matched) {
				out.WriteString(line)
			}
			if parts[1] == "p" && matched {
				out.WriteString(line)
			}
		}
		return out.String()
	}, nil
}

func splitUnescaped(text string, by byte) []string {
	var parts []string
	var part strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && text[i+1] == by:
			i++
			part.WriteByte(by)
		case text[i] == '\\' && i+1 < len(text):
			part.WriteString(text[i : i+2])
			i++
		case text[i] == by:
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(text[i])
		}
	}
	return append(parts, part.String())
}

var backReference = regexp.MustCompile(`\\([0-9])`)

func substitute(match *regexp.Regexp, replacement string, all, show bool) func(string, bool) string {
	template := strings.ReplaceAll(replacement, "$", "$$")
	template = backReference.ReplaceAllString(template, "$${$1}")
	template = strings.ReplaceAll(template, "&", "${0}")
	return func(text string, quiet bool) string {
		var out strings.Builder
		for line := range strings.Lines(text) {
			body := strings.TrimSuffix(line, "\n")
			end := line[len(body):]
			done := false
			changed := match.ReplaceAllStringFunc(body, func(found string) string {
				if done && !all {
					return found
				}
				done = true
				at := match.FindStringSubmatchIndex(found)
				return string(match.ExpandString(nil, template, found, at))
			})
			if !quiet || show && done {
				out.WriteString(changed + end)
			}
		}
		return out.String()
	}
}
