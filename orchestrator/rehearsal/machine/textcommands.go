package machine

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// read returns what a command works on: the named files, else its input.
func (c *command) read(names []string) ([]byte, int) {
	if len(names) == 0 {
		return c.input(), 0
	}
	var out []byte
	code := 0
	for _, name := range names {
		if name == "-" {
			out = append(out, c.input()...)
			continue
		}
		data, err := c.content(name)
		if err != nil {
			code = c.fail(1, "%s: %s", name, reason(err))
			continue
		}
		out = append(out, data...)
	}
	return out, code
}

// content is a file's content; /dev/null is empty and /dev/urandom random.
func (c *command) content(name string) ([]byte, error) {
	switch name := c.resolve(name); name {
	case "/dev/null":
		return nil, nil
	case "/dev/stdin":
		return c.input(), nil
	case "/dev/urandom", "/dev/random":
		return randomBytes(4096), nil
	default:
		if f, err := c.disk().stat(name); err == nil && f.Mode&0o044 == 0 && f.Owner != c.shell.user && c.shell.user != "root" {
			return nil, pathError("open", name, errPermission)
		}
		return c.disk().read(name)
	}
}

func cat(c *command) int {
	_, names := flags(c.args)
	data, code := c.read(names)
	c.print(string(data))
	return code
}

// head and tail count lines (-n) or bytes (-c); tail's "+N" begins at the Nth.
func head(c *command) int {
	set, names := flags(c.args, "-n", "-c")
	data, code := c.read(names)
	if bytes, ok := set["-c"]; ok {
		n, _ := strconv.Atoi(bytes)
		c.print(string(data[:min(max(n, 0), len(data))]))
		return code
	}
	lines := slices.Collect(strings.Lines(string(data)))
	c.print(strings.Join(lines[:min(count(set["-n"]), len(lines))], ""))
	return code
}

func tail(c *command) int {
	set, names := flags(c.args, "-n", "-c")
	data, code := c.read(names)
	if bytes, ok := set["-c"]; ok {
		n, _ := strconv.Atoi(strings.TrimLeft(bytes, "+-"))
		if strings.HasPrefix(bytes, "+") {
			c.print(string(data[min(max(n-1, 0), len(data)):]))
		} else {
			c.print(string(data[max(len(data)-n, 0):]))
		}
		return code
	}
	lines := slices.Collect(strings.Lines(string(data)))
	from := max(len(lines)-count(set["-n"]), 0)
	if rest, ok := strings.CutPrefix(set["-n"], "+"); ok {
		n, _ := strconv.Atoi(rest)
		from = min(max(n-1, 0), len(lines))
	}
	c.print(strings.Join(lines[from:], ""))
	return code
}

func count(text string) int {
	n, err := strconv.Atoi(strings.TrimLeft(text, "+-"))
	if err != nil {
		return 10
	}
	return n
}

func wc(c *command) int {
	set, names := flags(c.args)
	data, code := c.read(names)
	n := bytes.Count(data, []byte("\n"))
	switch {
	case has(set, "-c", "-m"):
		n = len(data)
	case has(set, "-w"):
		n = len(bytes.Fields(data))
	}
	line := strconv.Itoa(n)
	if len(names) == 1 {
		line += " " + names[0]
	}
	c.print(line + "\n")
	return code
}

// tr knows -d, -dc and translating; sets of letters, ranges and a few classes.
func tr(c *command) int {
	set, rest := flags(c.args)
	if len(rest) == 0 {
		return c.fail(1, "missing operand")
	}
	from := letters(rest[0])
	complement := has(set, "-c", "-C")
	var out []byte
	for _, b := range c.input() {
		at := bytes.IndexByte(from, b)
		in := (at >= 0) != complement
		switch {
		case !in:
			out = append(out, b)
		case has(set, "-d"):
		case len(rest) > 1:
			to := letters(rest[1])
			out = append(out, to[min(max(at, 0), len(to)-1)])
		}
	}
	c.print(string(out))
	return 0
}

var classes = strings.NewReplacer("[:lower:]", "a-z", "[:upper:]", "A-Z", "[:digit:]", "0-9", "[:alpha:]", "a-zA-Z", "[:alnum:]", "a-zA-Z0-9", "[:space:]", " \t\n\r", `\n`, "\n", `\t`, "\t", `\r`, "\r")

func letters(text string) []byte {
	text = classes.Replace(text)
	var out []byte
	for i := 0; i < len(text); i++ {
		if i+2 < len(text) && text[i+1] == '-' {
			for b := int(text[i]); b <= int(text[i+2]); b++ {
				out = append(out, byte(b))
			}
			i += 2
			continue
		}
		out = append(out, text[i])
	}
	return out
}

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

func tee(c *command) int {
	set, names := flags(c.args)
	data := c.input()
	c.print(string(data))
	for _, name := range names {
		old := []byte(nil)
		if has(set, "-a", "--append") {
			old, _ = c.content(name) // absent is empty
		}
		if err := c.write(name, append(slices.Clone(old), data...)); err != nil {
			return c.fail(1, "%s: %s", name, reason(err))
		}
	}
	return 0
}

func base64Command(c *command) int {
	set, names := flags(c.args, "-w")
	data, code := c.read(names)
	if !has(set, "-d", "--decode") {
		c.print(base64.StdEncoding.EncodeToString(data) + "\n")
		return code
	}
	out, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(data)), ""))
	if err != nil {
		return c.fail(1, "invalid input")
	}
	c.print(string(out))
	return code
}

func sortCommand(c *command) int {
	set, names := flags(c.args)
	data, code := c.read(names)
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	slices.Sort(lines)
	if has(set, "-u") {
		lines = slices.Compact(lines)
	}
	if has(set, "-r") {
		slices.Reverse(lines)
	}
	c.print(strings.Join(lines, "\n") + "\n")
	return code
}

func cut(c *command) int {
	set, names := flags(c.args, "-d", "-f")
	data, code := c.read(names)
	by := set["-d"]
	if by == "" {
		by = "\t"
	}
	field, err := strconv.Atoi(set["-f"])
	if err != nil {
		return c.fail(1, "a rehearsal knows only one field of cut, not %q", set["-f"])
	}
	for line := range strings.Lines(string(data)) {
		parts := strings.Split(strings.TrimSuffix(line, "\n"), by)
		if field >= 1 && field <= len(parts) {
			c.print(parts[field-1])
		}
		c.print("\n")
	}
	return code
}

func basename(c *command) int {
	if len(c.args) == 0 {
		return c.fail(1, "missing operand")
	}
	name := path.Base(c.args[0])
	if len(c.args) > 1 {
		name = strings.TrimSuffix(name, c.args[1])
	}
	c.print(name + "\n")
	return 0
}

func dirname(c *command) int {
	if len(c.args) == 0 {
		return c.fail(1, "missing operand")
	}
	c.print(path.Dir(c.args[0]) + "\n")
	return 0
}

func seq(c *command) int {
	from, to := 1, 0
	switch numbers := c.args; len(numbers) {
	case 1:
		to, _ = strconv.Atoi(numbers[0])
	case 2:
		from, _ = strconv.Atoi(numbers[0])
		to, _ = strconv.Atoi(numbers[1])
	default:
		return c.fail(1, "a rehearsal knows seq LAST and seq FIRST LAST")
	}
	for n := from; n <= to && n-from < commandLimit; n++ {
		c.print(strconv.Itoa(n) + "\n")
	}
	return 0
}

// sha256sum checks real sums of real files; what was downloaded in a rehearsal
// is taken for what was asked for.
func sha256sum(c *command) int {
	set, names := flags(c.args)
	if !has(set, "-c", "--check") {
		for _, name := range names {
			data, err := c.content(name)
			if err != nil {
				return c.fail(1, "%s: %s", name, reason(err))
			}
			c.print(digest(data) + "  " + name + "\n")
		}
		if len(names) == 0 {
			c.print(digest(c.input()) + "  -\n")
		}
		return 0
	}
	list, code := c.read(names)
	silent := has(set, "--status")
	for line := range strings.Lines(string(list)) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), " ")
		name = strings.TrimLeft(name, " *")
		if !ok {
			continue
		}
		data, err := c.content(name)
		good := err == nil && (isDownload(data) || digest(data) == sum)
		if !good {
			code = 1
		}
		switch {
		case silent:
		case err != nil:
			_ = c.fail(1, "%s: %s", name, reason(err))
		case !good:
			c.print(name + ": FAILED\n")
		case !has(set, "--quiet"):
			c.print(name + ": OK\n")
		}
	}
	return code
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
