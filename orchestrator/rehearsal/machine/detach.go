package machine

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

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
	brief := len(words) == 2 && words[1] == "true"
	if !c.lock(name, patience, brief) {
		return 1
	}
	defer c.disk().unlock(name)
	return c.again(c.shell.user, words[1:])
}

// foreignPause is how often a lock that another server holds is looked at.
const foreignPause = 200 * time.Millisecond

// lock takes the lock within patience; a negative patience never ends. A lock
// that nobody can tell about yet is waited for also by the impatient.
func (c *command) lock(name string, patience time.Duration, brief bool) bool {
	ctx := c.shell.program.ctx
	until := time.Now().Add(patience)
	for {
		tried, err := c.disk().tryLock(ctx, name, c.shell.program.kill, brief)
		if err != nil {
			_ = c.fail(1, "%v", err)
			return false
		}
		if tried.got {
			return true
		}
		left := time.Until(until)
		if patience >= 0 && left <= 0 && !tried.doubtful {
			return false
		}
		pause := foreignPause
		if tried.released != nil {
			pause = time.Hour
			if patience >= 0 {
				pause = left
			}
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-tried.released:
		case <-timer.C:
		}
		timer.Stop()
	}
}
