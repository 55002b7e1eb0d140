package machine

import (
	"io/fs"
	"time"
)

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
