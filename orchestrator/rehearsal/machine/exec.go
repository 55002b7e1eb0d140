package machine

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"

	"mvdan.cc/sh/v3/interp"
)

// command is one command at work: its arguments and where it stands.
type command struct {
	shell  shell
	ctx    context.Context
	name   string
	args   []string
	dir    string
	env    []string
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

func (c *command) machine() *machine { return c.shell.program.machine }
func (c *command) disk() *disk       { return c.machine().disk }

func (c *command) resolve(name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(c.dir, name)
}

func (c *command) print(text string) { _, _ = io.WriteString(c.stdout, text) }

// fail prints a complaint and returns the exit code.
func (c *command) fail(code int, format string, args ...any) int {
	_, _ = fmt.Fprintf(c.stderr, c.name+": "+format+"\n", args...)
	return code
}

func (c *command) input() []byte {
	if c.stdin == nil {
		return nil
	}
	data, _ := io.ReadAll(io.LimitReader(c.stdin, fileLimit)) // a broken pipe is its end
	return data
}

// getenv returns a variable of the command's environment.
func (c *command) getenv(name string) string {
	for i := len(c.env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(c.env[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// exec runs a simple command of a script.
func (s shell) exec(ctx context.Context, args []string) error {
	hc := interp.HandlerCtx(ctx)
	c := &command{
		shell: s, ctx: ctx, name: path.Base(args[0]), args: args[1:], dir: hc.Dir, env: exported(hc.Env),
		stdin: hc.Stdin, stdout: hc.Stdout, stderr: hc.Stderr,
	}
	code := c.dispatch(args[0])
	if err := s.program.ctx.Err(); err != nil {
		return err // killed: no trap and no next command runs
	}
	if code != 0 {
		return interp.ExitStatus(code)
	}
	return nil
}

// again runs other words in the place of a command (sudo, nohup, flock …).
func (c *command) again(user string, words []string) int {
	inner := *c
	inner.shell.user = user
	inner.name, inner.args = path.Base(words[0]), words[1:]
	if interp.IsBuiltin(words[0]) {
		return inner.script(shellWords(words), "sh", nil)
	}
	return inner.dispatch(words[0])
}

// script runs text in a shell of its own, with this command's streams.
func (c *command) script(text, name string, params []string) int {
	s := c.shell
	s.dir, s.env, s.name, s.params = c.dir, c.env, name, params
	s.stdin, s.stdout, s.stderr = c.stdin, c.stdout, c.stderr
	return s.run(c.shell.program.ctx, text)
}

// dispatch finds the command: a builtin for the table, a file by its path, the
// table, an installed program, else an assumption.
func (c *command) dispatch(word string) int {
	if name, ok := strings.CutPrefix(word, tablePrefix); ok {
		c.name = name
		return c.machine().table[name](c)
	}
	if strings.Contains(word, "/") && !inSystemPath(word) {
		return c.file(c.resolve(word))
	}
	if known, ok := c.machine().table[c.name]; ok {
		if lacks := c.lacks(); lacks {
			return c.fail(127, "command not found")
		}
		return known(c)
	}
	if at := c.which(word); at != "" {
		return c.file(at)
	}
	return c.assume()
}

func inSystemPath(word string) bool {
	switch path.Dir(word) {
	case "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin":
		return true
	}
	return false
}

// lacks reports whether the command needs installing and is not there.
func (c *command) lacks() bool {
	_, needs := installed[c.name]
	return needs && c.which(c.name) == ""
}

// which finds a file on the PATH.
func (c *command) which(name string) string {
	for dir := range strings.SplitSeq(c.getenv("PATH"), ":") {
		at := path.Join(dir, name)
		if f, err := c.disk().stat(at); err == nil && !f.Dir && f.Mode&0o111 != 0 {
			return at
		}
	}
	return ""
}

// file runs a script by its path.
func (c *command) file(at string) int {
	if path.Base(at) == "ctx" {
		return ctxClient(c)
	}
	f, err := c.disk().stat(at)
	switch {
	case err != nil:
		return c.fail(127, "%s: No such file or directory", at)
	case f.Dir || f.Mode&0o111 == 0:
		return c.fail(126, "%s: Permission denied", at)
	}
	if known, ok := c.machine().table[path.Base(at)]; ok && isDownload(f.Data) {
		return known(c)
	}
	text := string(f.Data)
	first, _, _ := strings.Cut(text, "\n")
	if strings.HasPrefix(first, "#!") && !isShell(first) {
		return c.assume()
	}
	code := c.script(text, at, c.args)
	c.sayAssumed()
	return code
}

func isShell(shebang string) bool {
	for _, word := range strings.Fields(strings.TrimPrefix(shebang, "#!")) {
		switch path.Base(word) {
		case "sh", "bash", "dash":
			return true
		}
	}
	return false
}

// assumptions counts what the table lacked.
type assumptions struct {
	mu    sync.Mutex
	names []string
}

const assumedLimit = 1000

func (a *assumptions) add(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.names) < assumedLimit {
		a.names = append(a.names, name)
	}
}

// take returns the count and the different names, and begins anew.
func (a *assumptions) take() (int, []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	count := len(a.names)
	names := slices.Compact(slices.Sorted(slices.Values(a.names)))
	a.names = nil
	return count, names
}

// assume takes a command that the table lacks for a success, and counts it.
func (c *command) assume() int {
	c.shell.program.assumed.add(c.name)
	return 0
}

// sayAssumed ends a script's output with what was assumed in it.
func (c *command) sayAssumed() {
	count, names := c.shell.program.assumed.take()
	if count == 0 {
		return
	}
	word := "commands"
	if count == 1 {
		word = "command"
	}
	_, _ = fmt.Fprintf(c.stderr, "rehearsal: %d %s assumed to succeed: %s\n", count, word, strings.Join(names, ", "))
}
