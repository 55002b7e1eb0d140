package machine

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
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

// aPackage is what installing one changes.
type aPackage struct {
	dirs, programs, units, groups []string
	user                          string
	started                       string
	files                         map[string]string
}

// packages are those whose effect scripts rely on; any other name installs
// nothing, and is counted as assumed.
var packages = map[string]aPackage{
	"docker.io": {
		programs: []string{"/usr/bin/docker"}, units: []string{"docker.service", "docker.socket"}, groups: []string{"docker"}, started: "docker",
		dirs: []string{"/etc/docker", "/var/lib/docker"},
	},
	"postgresql-16": {
		programs: []string{"/usr/bin/psql", "/usr/bin/pg_isready"}, units: []string{"postgresql.service"}, user: "postgres", started: "postgresql",
		dirs: []string{"/etc/postgresql", "/etc/postgresql/16", "/etc/postgresql/16/main", "/etc/postgresql/16/main/conf.d", "/var/lib/postgresql"},
		files: map[string]string{
			"/etc/postgresql/16/main/postgresql.conf": "include_dir = 'conf.d'\n",
			"/etc/postgresql/16/main/pg_hba.conf":     "local all postgres peer\n",
		},
	},
	"curl": {}, "ca-certificates": {}, "gnupg": {}, "apt-transport-https": {}, "conntrack": {}, "jq": {}, "unzip": {},
}

// Durations in real-cloud time.
const (
	updateTakes  = 8 * time.Second
	installTakes = 40 * time.Second
)

func aptGet(c *command) int {
	_, words := flags(c.args, "-o", "--option")
	if len(words) == 0 {
		return c.fail(100, "say what to do")
	}
	if c.needRoot() {
		return c.fail(100, "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)")
	}
	switch words[0] {
	case "update":
		return c.lasts(updateTakes)
	case "install":
		if code := c.lasts(installTakes); code != 0 {
			return code
		}
		for _, name := range words[1:] {
			known, ok := packages[name]
			if !ok {
				c.name = "apt-get install " + name
				_ = c.assume()
				continue
			}
			if err := c.machine().install(known); err != nil {
				return c.fail(100, "E: %s: %s", name, reason(err))
			}
		}
		return 0
	default:
		return c.assume()
	}
}

// lasts waits in the world's time.
func (c *command) lasts(d time.Duration) int {
	if c.machine().world.Wait(c.shell.program.ctx, d) != nil {
		return 143
	}
	return 0
}

func (m *machine) install(p aPackage) error {
	for _, dir := range p.dirs {
		if err := m.disk.mkdir(dir, 0o755, "root", true); err != nil {
			return err
		}
	}
	for _, group := range p.groups {
		if err := m.addGroup(group); err != nil {
			return err
		}
	}
	if p.user != "" && !m.userExists(p.user) {
		if err := m.addUser(p.user, "/var/lib/postgresql", "/bin/bash"); err != nil {
			return err
		}
	}
	for name, text := range p.files {
		if err := m.placeNew(name, text, 0o644); err != nil {
			return err
		}
	}
	for _, name := range p.programs {
		if err := m.placeNew(name, downloadMark+"package\n", 0o755); err != nil {
			return err
		}
	}
	for _, unit := range p.units {
		if err := m.placeNew("/lib/systemd/system/"+unit, "[Unit]\n", 0o644); err != nil {
			return err
		}
	}
	if p.started != "" {
		return m.setActive(p.started, true)
	}
	return nil
}

// placeNew writes a file unless it is there: installing twice keeps settings.
func (m *machine) placeNew(name, text string, mode fs.FileMode) error {
	if _, err := m.disk.stat(name); err == nil {
		return nil
	}
	return m.disk.put(name, []byte(text), mode, "root")
}

// A unit that is active has a file in /run/systemd/units.
func activeFile(unit string) string { return "/run/systemd/units/" + unitName(unit) }

func unitName(unit string) string { return strings.TrimSuffix(unit, ".service") }

func (m *machine) setActive(unit string, active bool) error {
	if active {
		return m.disk.put(activeFile(unit), []byte("active\n"), 0o644, "root")
	}
	if _, err := m.disk.stat(activeFile(unit)); err != nil {
		return nil
	}
	return m.disk.remove(activeFile(unit), false)
}

func (m *machine) active(unit string) bool {
	_, err := m.disk.stat(activeFile(unit))
	return err == nil
}

func (m *machine) unitExists(unit string) bool {
	file := unit
	if !strings.Contains(file, ".") {
		file += ".service"
	}
	for _, dir := range []string{"/etc/systemd/system", "/lib/systemd/system"} {
		if _, err := m.disk.stat(path.Join(dir, file)); err == nil {
			return true
		}
	}
	return false
}

func systemctl(c *command) int {
	set, words := flags(c.args)
	if len(words) == 0 {
		return c.fail(1, "say what to do")
	}
	verb, units, m := words[0], words[1:], c.machine()
	if verb == "is-active" || verb == "is-enabled" || verb == "status" {
		return c.unitStatus(set, units)
	}
	if c.needRoot() {
		return c.fail(1, "Interactive authentication required.")
	}
	now := has(set, "--now")
	for _, unit := range units {
		if !m.unitExists(unit) {
			return c.fail(5, "Failed to %s %s: Unit %s not found.", verb, unit, unit)
		}
		var err error
		switch {
		case verb == "start", verb == "restart", verb == "reload", verb == "enable" && now:
			err = m.setActive(unit, true)
		case verb == "stop", verb == "disable" && now:
			err = m.setActive(unit, false)
		}
		if err != nil {
			return c.fail(1, "%s", reason(err))
		}
	}
	return 0
}

func (c *command) unitStatus(set map[string]string, units []string) int {
	for _, unit := range units {
		state := "inactive"
		if c.machine().active(unit) {
			state = "active"
		}
		if !has(set, "-q", "--quiet") {
			c.print(state + "\n")
		}
		if state != "active" {
			return 3
		}
	}
	return 0
}
