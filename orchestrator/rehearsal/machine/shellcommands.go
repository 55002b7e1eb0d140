package machine

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
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
	args, options, prelude := c.args, "", ""
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && len(args[0]) > 1 {
		word := args[0]
		args = args[1:]
		if word == "--" {
			break
		}
		options += word[1:]
		if strings.HasSuffix(word, "o") && len(args) > 0 {
			prelude += "set -o " + shellWords(args[:1]) + "\n"
			args = args[1:]
		}
	}
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

func nohup(c *command) int {
	if len(c.args) == 0 {
		return c.fail(125, "missing operand")
	}
	return c.again(c.shell.user, c.args)
}

// timeout runs the rest and never cuts it off: time passes differently here, and
// every program is bounded anyway.
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
