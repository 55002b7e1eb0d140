package machine

import (
	"path"
	"strings"
)

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
	if verb == "cat" {
		return c.unitFiles(units)
	}
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

// unitFiles prints the files of units.
func (c *command) unitFiles(units []string) int {
	code := 0
	for _, unit := range units {
		if !c.machine().unitExists(unit) {
			code = c.fail(1, "No files found for %s.", unit)
			continue
		}
		c.print("# " + unit + "\n")
	}
	return code
}
