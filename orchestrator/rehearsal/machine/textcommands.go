package machine

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"path"
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
			return nil, pathError("open", name, fs.ErrPermission)
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
