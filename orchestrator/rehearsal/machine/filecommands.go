package machine

import (
	"errors"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// write makes or replaces a file as the command's user.
func (c *command) write(name string, data []byte) error {
	name = c.resolve(name)
	if name == "/dev/null" {
		return nil
	}
	if err := c.shell.mayWrite(name); err != nil {
		return err
	}
	return c.disk().put(name, data, 0o644, c.shell.user)
}

func mkdir(c *command) int {
	set, names := flags(c.args, "-m")
	all := has(set, "-p", "--parents")
	for _, name := range names {
		at := c.resolve(name)
		if err := c.mayMake(at); err != nil {
			return c.fail(1, "cannot create directory '%s': %s", name, reason(err))
		}
		if err := c.disk().mkdir(at, mode(set["-m"], 0o755), c.shell.user, all); err != nil {
			return c.fail(1, "cannot create directory '%s': %s", name, reason(err))
		}
	}
	return 0
}

// mayMake looks at the nearest directory that is there.
func (c *command) mayMake(at string) error {
	if f, err := c.disk().stat(at); err == nil && f.Dir {
		return nil
	}
	dir := path.Dir(at)
	for {
		if _, err := c.disk().stat(dir); err == nil || dir == "/" {
			return c.shell.mayChange(dir)
		}
		dir = path.Dir(dir)
	}
}

func mode(text string, otherwise fs.FileMode) fs.FileMode {
	n, err := strconv.ParseUint(text, 8, 12)
	if err != nil {
		return otherwise
	}
	return fs.FileMode(n) & fs.ModePerm
}

func rm(c *command) int {
	set, names := flags(c.args)
	code := 0
	for _, name := range names {
		at := c.resolve(name)
		err := c.shell.mayChange(path.Dir(at))
		if err == nil {
			err = c.disk().remove(at, has(set, "-r", "-R", "--recursive") || c.name == "rmdir")
		}
		if errors.Is(err, fs.ErrNotExist) && has(set, "-f", "--force") {
			continue
		}
		if err != nil {
			code = c.fail(1, "cannot remove '%s': %s", name, reason(err))
		}
	}
	return code
}

func mv(c *command) int {
	_, names := flags(c.args)
	if len(names) < 2 {
		return c.fail(1, "missing operand")
	}
	to := c.resolve(names[len(names)-1])
	for _, name := range names[:len(names)-1] {
		err := errors.Join(c.shell.mayChange(path.Dir(c.resolve(name))), c.shell.mayChange(path.Dir(to)))
		if err == nil {
			err = c.disk().rename(c.resolve(name), to)
		}
		if err != nil {
			return c.fail(1, "cannot move '%s': %s", name, reason(err))
		}
	}
	return 0
}

// cp copies files; links are copies here, too.
func cp(c *command) int {
	_, names := flags(c.args)
	if len(names) < 2 {
		return c.fail(1, "missing operand")
	}
	to := names[len(names)-1]
	for _, name := range names[:len(names)-1] {
		target := to
		if f, err := c.disk().stat(c.resolve(to)); err == nil && f.Dir {
			target = path.Join(to, path.Base(name))
		}
		data, err := c.content(name)
		if err == nil {
			err = c.write(target, data)
		}
		if err == nil {
			err = c.copyMode(name, target)
		}
		if err != nil {
			return c.fail(1, "cannot copy '%s': %s", name, reason(err))
		}
	}
	return 0
}

func (c *command) copyMode(from, to string) error {
	f, err := c.disk().stat(c.resolve(from))
	if err != nil {
		return nil // a device
	}
	return c.disk().change(c.resolve(to), func(copied *file) { copied.Mode = f.Mode })
}

func touch(c *command) int {
	_, names := flags(c.args)
	for _, name := range names {
		if _, err := c.disk().stat(c.resolve(name)); err == nil {
			continue
		}
		if err := c.write(name, nil); err != nil {
			return c.fail(1, "cannot touch '%s': %s", name, reason(err))
		}
	}
	return 0
}

func ls(c *command) int {
	_, names := flags(c.args)
	if len(names) == 0 {
		names = []string{"."}
	}
	code := 0
	for _, name := range names {
		at := c.resolve(name)
		f, err := c.disk().stat(at)
		if err != nil {
			code = c.fail(2, "cannot access '%s': %s", name, reason(err))
			continue
		}
		if !f.Dir {
			c.print(name + "\n")
			continue
		}
		children, err := c.disk().list(at)
		if err != nil {
			code = c.fail(2, "cannot open '%s': %s", name, reason(err))
		}
		for _, child := range children {
			if !strings.HasPrefix(child, ".") {
				c.print(child + "\n")
			}
		}
	}
	return code
}

func mktemp(c *command) int {
	set, rest := flags(c.args, "-p", "--tmpdir")
	name := "tmp.XXXXXXXXXX"
	if len(rest) > 0 {
		name = rest[0]
	}
	at := strings.TrimRight(name, "X") + randomLetters(max(len(name)-len(strings.TrimRight(name, "X")), 6))
	if !strings.Contains(name, "/") {
		dir := "/tmp"
		if set["-p"] != "" {
			dir = set["-p"]
		}
		at = path.Join(dir, at)
	}
	at = c.resolve(at)
	err := c.shell.mayChange(path.Dir(at))
	if err == nil && has(set, "-d", "--directory") {
		err = c.disk().mkdir(at, 0o700, c.shell.user, false)
	} else if err == nil {
		err = c.disk().put(at, nil, 0o600, c.shell.user)
	}
	if err != nil {
		return c.fail(1, "cannot create '%s': %s", at, reason(err))
	}
	c.print(at + "\n")
	return 0
}

func readlink(c *command) int {
	_, names := flags(c.args)
	for _, name := range names {
		c.print(c.resolve(name) + "\n")
	}
	return 0
}
