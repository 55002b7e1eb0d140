package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

const (
	// commandLimit bounds loops: no script of a blueprint runs so many commands.
	commandLimit = 100_000
	// programLimit bounds one program in real time.
	programLimit = 30 * time.Minute
)

// program is what one session started, with everything below it, or what setsid
// detached from one.
type program struct {
	machine  *machine
	ctx      context.Context
	kill     context.CancelFunc
	commands atomic.Int64
	assumed  assumptions
}

// begin makes a program that ends with ctx.
func (m *machine) begin(ctx context.Context) (*program, error) {
	if err := m.disk.enter(ctx); err != nil {
		return nil, err
	}
	ctx, kill := context.WithTimeout(ctx, programLimit)
	return &program{machine: m, ctx: ctx, kill: kill}, nil
}

// end commits what the program did.
func (p *program) end() error {
	defer p.machine.disk.leave()
	defer p.kill()
	return p.machine.disk.commit(context.WithoutCancel(p.ctx))
}

// login runs a session's command as the login user and returns its exit code.
func (m *machine) login(ctx context.Context, user, command string, stdin io.Reader, stdout, stderr io.Writer) int {
	p, err := m.begin(ctx)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 255
	}
	s := shell{
		program: p, user: user, dir: m.home(user), env: loginEnv(user, m.home(user)), name: "bash",
		stdin: stdin, stdout: remembered{p, stdout}, stderr: remembered{p, stderr},
	}
	code := s.run(p.ctx, command)
	if err := p.end(); err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return 255
	}
	return code
}

func loginEnv(user, home string) []string {
	return []string{
		"HOME=" + home, "USER=" + user, "LOGNAME=" + user, "SHELL=/bin/bash", "LANG=C.UTF-8",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	}
}

// shell is one sh or bash at work.
type shell struct {
	program        *program
	user           string
	dir            string
	env            []string
	name           string // $0
	params         []string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// run interprets a script and returns its exit code.
func (s shell) run(ctx context.Context, text string) int {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), s.name)
	if err != nil {
		return s.complain(2, "%v", err)
	}
	if refused := beyondRehearsal(file); refused != "" {
		return s.complain(2, "a rehearsal does not know %s", refused)
	}
	unescapeLiterals(file)
	runner, err := interp.New(
		interp.Env(expand.ListEnviron(s.env...)),
		interp.Dir("/"),
		interp.Params(append([]string{"--"}, s.params...)...),
		interp.StdIO(s.stdin, &guarded{to: s.stdout}, &guarded{to: s.stderr}),
		interp.CallHandler(s.beforeCall),
		interp.ExecHandlers(func(interp.ExecHandlerFunc) interp.ExecHandlerFunc { return s.exec }),
		interp.OpenHandler(s.open),
		interp.StatHandler(s.stat),
		interp.AccessHandler(s.access),
		interp.ReadDirHandler2(s.readDir),
	)
	if err != nil {
		return s.complain(126, "%v", err)
	}
	if err := enterDir(ctx, runner, s.dir); err != nil {
		return s.complain(1, "%v", err)
	}
	err = runner.Run(ctx, file)
	return s.exitCode(ctx, err)
}

func enterDir(ctx context.Context, runner *interp.Runner, dir string) error {
	quoted, err := syntax.Quote(dir, syntax.LangBash)
	if err != nil {
		return err
	}
	file, err := syntax.NewParser().Parse(strings.NewReader("cd "+quoted), "")
	if err != nil {
		return err
	}
	return runner.Run(ctx, file.Stmts[0])
}

func (s shell) exitCode(ctx context.Context, err error) int {
	var status interp.ExitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	case ctx.Err() != nil:
		return 137
	default:
		return s.complain(1, "%v", err)
	}
}

func (s shell) complain(code int, format string, args ...any) int {
	_, _ = fmt.Fprintf(s.stderr, "%s: "+format+"\n", append([]any{path.Base(s.name)}, args...)...)
	return code
}

// beyondRehearsal names syntax that would make the interpreter touch the host.
func beyondRehearsal(file *syntax.File) string {
	found := ""
	syntax.Walk(file, func(node syntax.Node) bool {
		switch node.(type) {
		case *syntax.ProcSubst:
			found = "process substitution; use a pipe or a file"
		case *syntax.CoprocClause:
			found = "coprocesses; use a pipe or a file"
		}
		return found == ""
	})
	return found
}

// hostBuiltins are builtins that the interpreter lacks or would answer from the
// host; the table has them.
var hostBuiltins = map[string]bool{"umask": true, "kill": true, "ulimit": true, "disown": true, "jobs": true, "type": true, "hash": true}

// beforeCall counts commands and hands some builtins to the table.
func (s shell) beforeCall(ctx context.Context, args []string) ([]string, error) {
	if s.program.commands.Add(1) > commandLimit {
		return nil, fmt.Errorf("the script has run %d commands; loops are bounded in a rehearsal", commandLimit)
	}
	switch {
	case hostBuiltins[args[0]]:
		return append([]string{tablePrefix + args[0]}, args[1:]...), nil
	case args[0] == "command" && len(args) > 2 && args[1] == "-v":
		return append([]string{tablePrefix + "which"}, args[2:]...), nil
	case args[0] == "trap":
		return knownTraps(args), nil
	default:
		return args, nil
	}
}

// tablePrefix marks a builtin that the table answers.
const tablePrefix = "builtin "

// knownTraps keeps of a trap what can happen here: no signal ever comes.
func knownTraps(args []string) []string {
	kept := []string{"trap"}
	signals := 0
	for i, arg := range args[1:] {
		name := strings.TrimPrefix(arg, "SIG")
		isSignal := i > 0 && slices.Contains([]string{"HUP", "INT", "QUIT", "TERM", "PIPE", "1", "2", "3", "13", "15"}, name)
		if isSignal {
			continue
		}
		if arg == "0" {
			arg = "EXIT"
		}
		if i > 0 {
			signals++
		}
		kept = append(kept, arg)
	}
	if signals == 0 {
		return []string{"true"}
	}
	return kept
}

// exported returns the environment that a command inherits.
func exported(env expand.Environ) []string {
	vars := map[string]string{}
	env.Each(func(name string, v expand.Variable) bool {
		if v.Exported && v.IsSet() {
			vars[name] = v.String()
		} else {
			delete(vars, name)
		}
		return true
	})
	out := make([]string, 0, len(vars))
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		out = append(out, name+"="+vars[name])
	}
	return out
}
