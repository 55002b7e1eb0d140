package ssh

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/ctxproxy"
)

// The programs of the far side. Each is preceded by assignments of what its
// head comment says is given.
var (
	//go:embed remote/look.sh
	lookProgram string
	//go:embed remote/start.sh
	startProgram string
	//go:embed remote/main.sh
	mainProgram string
	//go:embed remote/follow.sh
	followProgram string
	//go:embed remote/keep.sh
	keepProgram string
	//go:embed remote/ctx.sh
	ctxClient string
	//go:embed remote/ctx.py
	ctxPython string
)

// clientVersion names the ctx client: a machine gets it anew when it changes.
var clientVersion = digest(ctxClient, ctxPython)

// runKey names a step's directory on the machine.
func runKey(execution, step string) string { return digest(execution, step) }

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}

func look(base, key string, listen bool) string {
	return assignment("base", base) + assignment("key", key) + assignment("listen", flag(listen)) + lookProgram
}

func flag(set bool) string {
	if set {
		return "yes"
	}
	return ""
}

// start is the program that uploads and starts one attempt.
func start(j *job, seen sighting, key string, attempt int, ctx ctxAddress) string {
	var p strings.Builder
	p.WriteString(assignment("root", seen.root))
	p.WriteString(assignment("key", key))
	p.WriteString(assignment("attempt", strconv.Itoa(attempt)))
	p.WriteString(assignment("mask", seen.mask))
	p.WriteString(assignment("token", ctx.token))
	p.WriteString(assignment("port", ctx.port))
	p.WriteString(assignment("script", j.script))
	p.WriteString(assignment("env", environment(j, seen.root, ctx)))
	p.WriteString(assignment("body", body(j, seen.root)))
	p.WriteString(assignment("main", runAs(j)+mainProgram))
	if seen.client == clientVersion {
		p.WriteString(assignment("client", ""))
	} else {
		p.WriteString(assignment("client", clientVersion) + assignment("ctx", ctxClient) + assignment("ctxpy", ctxPython))
	}
	p.WriteString(startProgram)
	return p.String()
}

func runAs(j *job) string {
	if j.sudo {
		return assignment("SLIPWAY_AS", "sudo -n -H")
	}
	return assignment("SLIPWAY_AS", "")
}

// environment is the file that a run reads and removes: every value quoted, so
// that nothing in it is ever interpreted.
func environment(j *job, root string, ctx ctxAddress) string {
	var out strings.Builder
	out.WriteString("PATH=" + quote(root+"/bin") + ":$PATH\nexport PATH\n")
	export := func(name, value string) {
		out.WriteString(assignment(name, value) + "export " + name + "\n")
	}
	export("CTX_SOCKET_URL", ctx.url())
	export("CTX_TOKEN", ctx.token)
	for _, name := range orchestrator.SortedKeys(j.env) {
		export(name, j.env[name])
	}
	return out.String()
}

// body is the last shell between us and the script. $1 is the run's directory.
func body(j *job, root string) string {
	cwd := j.cwd
	if cwd == "" {
		cwd = root + "/work"
	}
	words := []string{"exec"}
	if j.prefix != "" {
		words = append(words, j.prefix)
	}
	words = append(words, `"$1/script"`)
	for _, arg := range j.args {
		words = append(words, quote(arg))
	}
	return `. "$1/env"` + "\n" + `rm -f "$1/env"` + "\ncd " + quote(cwd) + " || exit 1\n" + strings.Join(words, " ") + "\n"
}

func follow(root, key string, attempt int, out, err int64) string {
	return assignment("root", root) + assignment("key", key) + assignment("attempt", strconv.Itoa(attempt)) +
		fmt.Sprintf("out=%d\nerr=%d\n", out, err) + followProgram
}

func keep(root, key string, attempt int, verdict string) string {
	return assignment("root", root) + assignment("key", key) + assignment("attempt", strconv.Itoa(attempt)) +
		assignment("verdict", verdict) + keepProgram
}

// ctxAddress is how a script reaches its ctx.
type ctxAddress struct {
	socket string
	port   string // on the machine's loopback, where its sshd refuses sockets
	token  string
}

func (a ctxAddress) url() string {
	if a.port != "" {
		return "http://127.0.0.1:" + a.port
	}
	return "unix:" + a.socket
}

// run returns the attempt, or nil when it has not begun.
func (s sighting) run(attempt int) *seenRun {
	for i := range s.runs {
		if s.runs[i].attempt == attempt {
			return &s.runs[i]
		}
	}
	return nil
}

// sighting is what look found.
type sighting struct {
	root, mask, socket, token, port, client string
	busy                                    bool
	runs                                    []seenRun // by attempt
}

// seenRun is one attempt that began.
type seenRun struct {
	attempt int
	code    *int // nil while it runs, and for ever when it was lost
	verdict *ctxproxy.Verdict
}

// parseSighting reads the facts that look prints.
func parseSighting(text string) (sighting, error) {
	var s sighting
	runs := map[int]*seenRun{}
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		var err error
		switch word {
		case "root":
			s.root = rest
		case "mask":
			s.mask = rest
		case "socket":
			s.socket = rest
		case "token":
			s.token = rest
		case "port":
			s.port = rest
		case "client":
			s.client = rest
		case "lock":
			s.busy = rest == "busy"
		case "run":
			err = parseRun(runs, rest)
		case "verdict":
			err = parseVerdict(runs, rest)
		}
		if err != nil {
			return sighting{}, fmt.Errorf("read what the machine knows: %w", err)
		}
	}
	if s.root == "" || s.socket == "" {
		return sighting{}, fmt.Errorf("read what the machine knows: the answer is incomplete")
	}
	for _, run := range runs {
		s.runs = append(s.runs, *run)
	}
	slices.SortFunc(s.runs, func(a, b seenRun) int { return a.attempt - b.attempt })
	return s, nil
}

func parseRun(runs map[int]*seenRun, text string) error {
	fields := strings.Fields(text)
	if len(fields) < 2 {
		return fmt.Errorf("a run without a state")
	}
	attempt, err := strconv.Atoi(fields[0])
	if err != nil {
		return fmt.Errorf("run %q is not a number", fields[0])
	}
	run := &seenRun{attempt: attempt}
	if fields[1] == "ended" && len(fields) == 3 {
		code, err := strconv.Atoi(fields[2])
		if err != nil {
			return fmt.Errorf("exit code %q is not a number", fields[2])
		}
		run.code = &code
	}
	runs[attempt] = run
	return nil
}

func parseVerdict(runs map[int]*seenRun, text string) error {
	name, verdict, _ := strings.Cut(text, " ")
	attempt, err := strconv.Atoi(name)
	if err != nil {
		return fmt.Errorf("run %q is not a number", name)
	}
	document, err := orchestrator.DecodeValue([]byte(verdict))
	if err != nil {
		return fmt.Errorf("verdict of run %d: %w", attempt, err)
	}
	fields := provider.Mapping(document)
	after, _ := fields["after"].(int64)
	if run := runs[attempt]; run != nil {
		run.verdict = &ctxproxy.Verdict{
			Kind: firstText(fields["kind"]), Value: fields["value"],
			Message: firstText(fields["message"]), After: time.Duration(after),
		}
	}
	return nil
}
