package machine

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// passwd returns the lines of /etc/passwd, seven fields each.
func (m *machine) passwd() [][]string { return m.fields("/etc/passwd", 7) }

func (m *machine) fields(name string, n int) [][]string {
	data, err := m.disk.read(name)
	if err != nil {
		return nil
	}
	var out [][]string
	for line := range strings.Lines(string(data)) {
		if fields := strings.Split(strings.TrimSpace(line), ":"); len(fields) == n {
			out = append(out, fields)
		}
	}
	return out
}

func (m *machine) userExists(name string) bool {
	return slices.ContainsFunc(m.passwd(), func(fields []string) bool { return fields[0] == name })
}

func (m *machine) groupExists(name string) bool {
	return slices.ContainsFunc(m.fields("/etc/group", 4), func(fields []string) bool { return fields[0] == name })
}

func (m *machine) inGroup(user, group string) bool {
	return slices.ContainsFunc(m.fields("/etc/group", 4), func(fields []string) bool {
		return fields[0] == group && slices.Contains(strings.Split(fields[3], ","), user)
	})
}

// isSudoer reports whether a file of /etc/sudoers.d names the user.
func (m *machine) isSudoer(user string) bool {
	names, err := m.disk.list("/etc/sudoers.d")
	if err != nil {
		return false
	}
	return slices.ContainsFunc(names, func(name string) bool {
		data, err := m.disk.read(path.Join("/etc/sudoers.d", name))
		return err == nil && strings.HasPrefix(string(data), user+" ")
	})
}

func (m *machine) addGroup(name string) error {
	if m.groupExists(name) {
		return nil
	}
	return m.disk.append("/etc/group", []byte(fmt.Sprintf("%s:x:%d:\n", name, 900+len(m.fields("/etc/group", 4)))))
}

func (m *machine) joinGroup(user, group string) error {
	var out strings.Builder
	for _, fields := range m.fields("/etc/group", 4) {
		if fields[0] == group && !m.inGroup(user, group) {
			fields[3] = strings.TrimPrefix(fields[3]+","+user, ",")
		}
		out.WriteString(strings.Join(fields, ":") + "\n")
	}
	return m.disk.put("/etc/group", []byte(out.String()), 0o644, "root")
}

func (m *machine) addUser(name, home, shell string) error {
	uid := 1000 + len(m.passwd())
	if err := m.addGroup(name); err != nil {
		return err
	}
	return m.disk.append("/etc/passwd", []byte(fmt.Sprintf("%s:x:%d:%d::%s:%s\n", name, uid, uid, home, shell)))
}

func (c *command) needRoot() bool { return c.shell.user != "root" }

func id(c *command) int {
	set, rest := flags(c.args)
	user := c.shell.user
	if len(rest) > 0 {
		user = rest[0]
	}
	for _, fields := range c.machine().passwd() {
		if fields[0] != user {
			continue
		}
		switch {
		case has(set, "-n") && has(set, "-u", "-g", "-G"):
			c.print(user + "\n")
		case has(set, "-u"):
			c.print(fields[2] + "\n")
		case has(set, "-g", "-G"):
			c.print(fields[3] + "\n")
		default:
			c.print(fmt.Sprintf("uid=%s(%s) gid=%s(%s)\n", fields[2], user, fields[3], user))
		}
		return 0
	}
	return c.fail(1, "'%s': no such user", user)
}

func useradd(c *command) int {
	set, rest := flags(c.args, "-s", "--shell", "-g", "--gid", "-G", "--groups", "-d", "--home-dir", "--home", "-c", "--comment", "--gecos", "-u", "--uid")
	if c.needRoot() {
		return c.fail(1, "Permission denied")
	}
	if len(rest) != 1 {
		return c.fail(2, "say one user")
	}
	name, m := rest[0], c.machine()
	if m.userExists(name) {
		return c.fail(9, "user '%s' already exists", name)
	}
	home, shell := "/home/"+name, "/bin/sh"
	for _, key := range []string{"-d", "--home-dir", "--home"} {
		if set[key] != "" {
			home = set[key]
		}
	}
	for _, key := range []string{"-s", "--shell"} {
		if set[key] != "" {
			shell = set[key]
		}
	}
	groups := strings.Split(set["-g"]+","+set["--gid"]+","+set["-G"]+","+set["--groups"], ",")
	groups = slices.DeleteFunc(groups, func(group string) bool { return group == "" })
	for _, group := range groups {
		if !m.groupExists(group) {
			return c.fail(6, "group '%s' does not exist", group)
		}
	}
	err := m.addUser(name, home, shell)
	for _, group := range groups {
		if err == nil {
			err = m.joinGroup(name, group)
		}
	}
	if err == nil && (has(set, "-m", "--create-home") || c.name == "adduser") {
		err = m.disk.mkdir(home, 0o750, name, true)
	}
	if err != nil {
		return c.fail(1, "%s", reason(err))
	}
	return 0
}

func usermod(c *command) int {
	set, rest := flags(c.args, "-G", "--groups")
	if c.needRoot() {
		return c.fail(1, "Permission denied")
	}
	if len(rest) != 1 || !c.machine().userExists(rest[0]) {
		return c.fail(6, "user '%s' does not exist", strings.Join(rest, " "))
	}
	for group := range strings.SplitSeq(set["-G"]+","+set["--groups"], ",") {
		if group == "" {
			continue
		}
		if !c.machine().groupExists(group) {
			return c.fail(6, "group '%s' does not exist", group)
		}
		if err := c.machine().joinGroup(rest[0], group); err != nil {
			return c.fail(1, "%s", reason(err))
		}
	}
	return 0
}

func groupadd(c *command) int {
	set, rest := flags(c.args, "-g")
	if c.needRoot() {
		return c.fail(10, "Permission denied")
	}
	if len(rest) != 1 {
		return c.fail(2, "say one group")
	}
	if c.machine().groupExists(rest[0]) && !has(set, "-f", "--force") {
		return c.fail(9, "group '%s' already exists", rest[0])
	}
	if err := c.machine().addGroup(rest[0]); err != nil {
		return c.fail(1, "%s", reason(err))
	}
	return 0
}

func getent(c *command) int {
	if len(c.args) != 2 {
		return c.fail(1, "a rehearsal knows getent passwd|group NAME")
	}
	data, err := c.disk().read("/etc/" + c.args[0])
	if err != nil {
		return c.fail(1, "unknown database: %s", c.args[0])
	}
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, c.args[1]+":") {
			c.print(line)
			return 0
		}
	}
	return 2
}
