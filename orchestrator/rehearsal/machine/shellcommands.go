package machine

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"mvdan.cc/sh/v3/syntax"
)

// shellWords writes words as a line of sh.
func shellWords(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		text, err := syntax.Quote(word, syntax.LangBash)
		if err != nil {
			text = "''" // NUL: no shell can say it
		}
		quoted[i] = text
	}
	return strings.Join(quoted, " ")
}

// sh runs -c TEXT, -s from its input, or a file.
func sh(c *command) int {
	args := c.args
	options := ""
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && len(args[0]) > 1 && args[0] != "--" {
		options += args[0][1:]
		args = args[1:]
	}
	prelude := ""
	for _, letter := range "eux" {
		if strings.ContainsRune(options, letter) {
			prelude += "set -" + string(letter) + "\n"
		}
	}
	switch {
	case strings.Contains(options, "c") && len(args) > 0:
		name := c.name
		params := args[1:]
		if len(params) > 0 {
			name, params = params[0], params[1:]
		}
		return c.script(prelude+args[0], name, params)
	case strings.Contains(options, "s") || len(args) == 0:
		text := string(c.input())
		c.stdin = nil
		return c.script(prelude+text, c.name, args)
	}
	text, err := c.content(args[0])
	if err != nil {
		return c.fail(127, "%s: %s", args[0], reason(err))
	}
	return c.script(prelude+string(text), args[0], args[1:])
}

// env runs the rest with more variables, or prints those that there are.
func env(c *command) int {
	args := c.args
	for len(args) > 0 && strings.Contains(args[0], "=") {
		c.env = append(c.env, args[0])
		args = args[1:]
	}
	if len(args) == 0 {
		c.print(strings.Join(c.env, "\n") + "\n")
		return 0
	}
	return c.again(c.shell.user, args)
}

// sudo runs the rest as root or another user. The image's user and members of
// the group sudo may; nobody is asked for a password.
func sudo(c *command) int {
	if c.shell.user != "root" && !c.machine().inGroup(c.shell.user, "sudo") && !c.machine().isSudoer(c.shell.user) {
		return c.fail(1, "%s is not in the sudoers file", c.shell.user)
	}
	user, args := "root", c.args
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		word := args[0]
		args = args[1:]
		switch {
		case (word == "-u" || word == "--user") && len(args) > 0:
			user, args = args[0], args[1:]
		case strings.HasPrefix(word, "--user="):
			user = strings.TrimPrefix(word, "--user=")
		case word == "-g" && len(args) > 0:
			args = args[1:]
		case strings.HasSuffix(word, "u") && len(args) > 0 && !strings.HasPrefix(word, "--"):
			user, args = args[0], args[1:]
		}
	}
	return c.as(user, args)
}

// as runs words as another user, with that user's own environment.
func (c *command) as(user string, words []string) int {
	if !c.machine().userExists(user) {
		return c.fail(1, "unknown user %s", user)
	}
	c.env = loginEnv(user, c.machine().home(user))
	for len(words) > 0 && strings.Contains(words[0], "=") && !strings.Contains(words[0], "/") || len(words) > 0 && isAssignment(words[0]) {
		c.env = append(c.env, words[0])
		words = words[1:]
	}
	if len(words) == 0 {
		words = []string{"bash", "-s"}
	}
	return c.again(user, words)
}

func isAssignment(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	return ok && syntax.ValidName(name)
}

func su(c *command) int {
	set, rest := flags(c.args, "-c", "-s", "--command", "--shell")
	user := "root"
	for _, word := range rest {
		if word != "-" {
			user = word
			break
		}
	}
	if c.shell.user != "root" {
		return c.fail(1, "Authentication failure")
	}
	text := set["-c"]
	if text == "" {
		text = set["--command"]
	}
	if text == "" {
		return c.as(user, nil)
	}
	return c.as(user, []string{"bash", "-c", text})
}

func runuser(c *command) int {
	if c.shell.user != "root" {
		return c.fail(1, "may not be used by non-root users")
	}
	if len(c.args) > 2 && c.args[0] == "-u" {
		words := c.args[2:]
		if words[0] == "--" {
			words = words[1:]
		}
		return c.as(c.args[1], words)
	}
	return su(c)
}

func nohup(c *command) int {
	if len(c.args) == 0 {
		return c.fail(125, "missing operand")
	}
	return c.again(c.shell.user, c.args)
}

// setsid makes a program of its own that outlives the session which began it.
func setsid(c *command) int {
	_, words := splitOptions(c.args, nil)
	if len(words) == 0 {
		return c.fail(1, "no command specified")
	}
	machine := c.machine()
	p, err := machine.begin(machine.machines.ctx)
	if err != nil {
		return c.fail(1, "%v", err)
	}
	inner := *c
	inner.shell.program = p
	inner.ctx = p.ctx
	code := inner.again(c.shell.user, words)
	if err := p.end(); err != nil {
		return 137
	}
	return code
}

// splitOptions takes the leading options off; taking lists those with a value.
func splitOptions(args []string, taking []string) (set map[string]string, words []string) {
	set = map[string]string{}
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		name := args[0]
		args = args[1:]
		if slices.Contains(taking, name) && len(args) > 0 {
			set[name] = args[0]
			args = args[1:]
			continue
		}
		set[name] = ""
	}
	return set, args
}

// flock runs the rest under a lock: it waits for ever, not at all (-n), or for
// some seconds (-w). These are real seconds: what is waited for is another
// program, not the rehearsed world.
func flock(c *command) int {
	set, words := splitOptions(c.args, []string{"-w", "--timeout", "--wait"})
	if len(words) < 2 {
		return c.fail(64, "a rehearsal knows flock [-n] [-o] [-w SECONDS] FILE COMMAND …")
	}
	name := c.resolve(words[0])
	if _, err := c.disk().stat(name); err != nil {
		if err := c.write(name, nil); err != nil {
			return c.fail(66, "cannot open lock file %s: %s", words[0], reason(err))
		}
	}
	patience := time.Duration(-1) // for ever
	for _, wait := range []string{"-w", "--timeout", "--wait"} {
		if seconds, ok := set[wait]; ok {
			n, err := strconv.ParseFloat(seconds, 64)
			if err != nil {
				return c.fail(64, "invalid timeout value: '%s'", seconds)
			}
			patience = time.Duration(n * float64(time.Second))
		}
	}
	if has(set, "-n", "--nonblock", "--nb") {
		patience = 0
	}
	if !c.lock(name, patience) {
		return 1
	}
	defer c.disk().unlock(name)
	return c.again(c.shell.user, words[1:])
}

// foreignPause is how often a lock that another server holds is looked at.
const foreignPause = 200 * time.Millisecond

// lock takes the lock within patience; a negative patience never ends. A lock
// that nobody can tell about yet is waited for also by the impatient.
func (c *command) lock(name string, patience time.Duration) bool {
	ctx := c.shell.program.ctx
	until := time.Now().Add(patience)
	for {
		got, busy, err := c.disk().tryLock(ctx, name, c.shell.program.kill)
		if err != nil {
			_ = c.fail(1, "%v", err)
			return false
		}
		if got {
			return true
		}
		left := time.Until(until)
		if patience < 0 {
			left = time.Hour
		}
		if left <= 0 && !(busy == nil && c.disk().doubtful(name)) {
			return false
		}
		pause := left
		if busy == nil {
			pause = foreignPause
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-busy:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func timeout(c *command) int {
	_, words := splitOptions(c.args, []string{"-k", "-s"})
	if len(words) < 2 {
		return c.fail(125, "missing operand")
	}
	return c.again(c.shell.user, words[1:])
}

func which(c *command) int {
	code := 0
	for _, name := range c.args {
		switch at := c.which(name); {
		case strings.HasPrefix(name, "-"):
		case at != "":
			c.print(at + "\n")
		case c.machine().table[name] != nil && !installed[name]:
			c.print("/usr/bin/" + name + "\n")
		default:
			code = 1
		}
	}
	return code
}

// sleep lasts as long as the world's speed makes it, and never nothing at all:
// a loop that waits lets others work.
func sleep(c *command) int {
	total := 0.0
	for _, arg := range c.args {
		number, unit := strings.TrimRight(arg, "smhd"), time.Second
		switch {
		case strings.HasSuffix(arg, "m"):
			unit = time.Minute
		case strings.HasSuffix(arg, "h"):
			unit = time.Hour
		case strings.HasSuffix(arg, "d"):
			unit = 24 * time.Hour
		}
		n, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return c.fail(1, "invalid time interval '%s'", arg)
		}
		total += n * float64(unit)
	}
	timer := time.NewTimer(max(c.machine().world.Speed.Scale(time.Duration(total)), time.Millisecond))
	defer timer.Stop()
	select {
	case <-c.shell.program.ctx.Done():
		return 143
	case <-timer.C:
		return 0
	}
}

var dateFormats = strings.NewReplacer("%Y", "2006", "%m", "01", "%d", "02", "%H", "15", "%M", "04", "%S", "05", "%F", "2006-01-02", "%T", "15:04:05", "%Z", "UTC", "%z", "+0000")

func date(c *command) int {
	now := c.machine().world.Now().UTC()
	format := "Mon Jan _2 15:04:05 UTC 2006"
	for _, arg := range c.args {
		if text, ok := strings.CutPrefix(arg, "+"); ok {
			if text == "%s" {
				c.print(strconv.FormatInt(now.Unix(), 10) + "\n")
				return 0
			}
			format = dateFormats.Replace(text)
		}
	}
	c.print(now.Format(format) + "\n")
	return 0
}

func whoami(c *command) int {
	c.print(c.shell.user + "\n")
	return 0
}

func hostname(c *command) int {
	c.print(c.machine().host + "\n")
	return 0
}

func uname(c *command) int {
	set, _ := flags(c.args)
	switch {
	case has(set, "-m", "-p", "-i"):
		c.print("x86_64\n")
	case has(set, "-r"):
		c.print("6.8.0-1029-rehearsal\n")
	case has(set, "-n"):
		c.print(c.machine().host + "\n")
	case has(set, "-a"):
		c.print("Linux " + c.machine().host + " 6.8.0-1029-rehearsal x86_64 GNU/Linux\n")
	default:
		c.print("Linux\n")
	}
	return 0
}

func umask(c *command) int {
	if len(c.args) == 0 {
		c.print("0022\n")
	}
	return 0
}

// openssl knows rand [-hex|-base64] N.
func openssl(c *command) int {
	if len(c.args) == 0 || c.args[0] != "rand" {
		return c.assume()
	}
	set, rest := flags(c.args[1:])
	n := 16
	if len(rest) > 0 {
		var err error
		if n, err = strconv.Atoi(rest[0]); err != nil || n < 1 || n > 4096 {
			return c.fail(1, "rand: %s is not a length", rest[0])
		}
	}
	if has(set, "-hex") || strings.Contains(fmt.Sprint(c.args), "-hex") {
		c.print(hex.EncodeToString(randomBytes(n)) + "\n")
	} else {
		c.print(base64.StdEncoding.EncodeToString(randomBytes(n)) + "\n")
	}
	return 0
}

func randomBytes(n int) []byte {
	out := make([]byte, n)
	_, _ = rand.Read(out) // never fails (crypto/rand)
	return out
}

func randomLetters(n int) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	out := randomBytes(n)
	for i, b := range out {
		out[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(out)
}

// home is the directory of a user, from /etc/passwd.
func (m *machine) home(user string) string {
	for _, fields := range m.passwd() {
		if fields[0] == user {
			return fields[5]
		}
	}
	return path.Join("/home", user)
}
