package machine

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// chmod knows octal modes and +x; others change nothing that matters here.
func chmod(c *command) int {
	_, rest := flags(c.args)
	if len(rest) < 2 {
		return c.fail(1, "missing operand")
	}
	for _, name := range rest[1:] {
		err := c.mayOwn(name)
		if err == nil {
			err = c.disk().change(c.resolve(name), func(f *file) {
				if strings.HasSuffix(rest[0], "+x") || strings.HasSuffix(rest[0], "+rx") {
					f.Mode |= 0o111
				}
				f.Mode = mode(rest[0], f.Mode)
			})
		}
		if err != nil {
			return c.fail(1, "cannot access '%s': %s", name, reason(err))
		}
	}
	return 0
}

// mayOwn keeps others than the owner and root from changing a file's facts.
func (c *command) mayOwn(name string) error {
	f, err := c.disk().stat(c.resolve(name))
	if err != nil {
		return err
	}
	if c.shell.user != "root" && f.Owner != c.shell.user {
		return fs.ErrPermission
	}
	return nil
}

func chown(c *command) int {
	set, rest := flags(c.args)
	if len(rest) < 2 {
		return c.fail(1, "missing operand")
	}
	owner, _, _ := strings.Cut(rest[0], ":")
	if owner != "" && !c.machine().userExists(owner) {
		return c.fail(1, "invalid user: '%s'", rest[0])
	}
	if c.shell.user != "root" {
		return c.fail(1, "changing ownership of '%s': Operation not permitted", rest[1])
	}
	for _, name := range rest[1:] {
		if err := c.giveTo(c.resolve(name), owner, has(set, "-R", "--recursive")); err != nil {
			return c.fail(1, "cannot access '%s': %s", name, reason(err))
		}
	}
	return 0
}

func (c *command) giveTo(at, owner string, below bool) error {
	if owner == "" {
		return nil
	}
	if err := c.disk().change(at, func(f *file) { f.Owner = owner }); err != nil {
		return err
	}
	children, err := c.disk().list(at)
	if err != nil || !below {
		return nil // a file, or only the directory
	}
	for _, child := range children {
		if err := c.giveTo(path.Join(at, child), owner, below); err != nil {
			return err
		}
	}
	return nil
}

// install copies a file, or with -d makes directories, with mode and owner.
func install(c *command) int {
	set, names := flags(c.args, "-m", "-o", "-g")
	owner := set["-o"]
	if owner == "" {
		owner = c.shell.user
	}
	if !c.machine().userExists(owner) {
		return c.fail(1, "invalid user: '%s'", owner)
	}
	if has(set, "-d", "--directory") {
		for _, name := range names {
			if err := c.installDir(c.resolve(name), mode(set["-m"], 0o755), owner); err != nil {
				return c.fail(1, "cannot create directory '%s': %s", name, reason(err))
			}
		}
		return 0
	}
	if len(names) != 2 {
		return c.fail(1, "a rehearsal knows install FILE TARGET and install -d DIR …")
	}
	target := c.resolve(names[1])
	if f, err := c.disk().stat(target); err == nil && f.Dir {
		target = path.Join(target, path.Base(names[0]))
	}
	data, err := c.content(names[0])
	if err == nil {
		err = c.write(target, slices.Clone(data))
	}
	if err == nil {
		err = c.disk().change(target, func(f *file) { f.Mode, f.Owner = mode(set["-m"], 0o755), owner })
	}
	if err != nil {
		return c.fail(1, "cannot install '%s': %s", names[0], reason(err))
	}
	return 0
}

func (c *command) installDir(at string, mode fs.FileMode, owner string) error {
	if err := c.mayMake(at); err != nil {
		return err
	}
	if err := c.disk().mkdir(at, 0o755, c.shell.user, true); err != nil {
		return err
	}
	return c.disk().change(at, func(f *file) { f.Mode, f.Owner = mode, owner })
}
