package machine

import (
	"path"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

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
	for len(words) > 0 && isAssignment(words[0]) {
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

// home is the directory of a user, from /etc/passwd.
func (m *machine) home(user string) string {
	for _, fields := range m.passwd() {
		if fields[0] == user {
			return fields[5]
		}
	}
	return path.Join("/home", user)
}
