package machine

import (
	"bytes"
	"net/url"
	"path"
	"strings"
	"time"
)

// downloadMark begins what a rehearsal downloads: nothing comes from a network.
const downloadMark = "rehearsed download of "

func isDownload(data []byte) bool { return bytes.HasPrefix(data, []byte(downloadMark)) }

// downloadTakes is in real-cloud time.
const downloadTakes = 5 * time.Second

// curl "downloads" from anywhere else, and asks services of this machine.
func curl(c *command) int {
	set, rest := flags(c.args, "-o", "--output", "-H", "--header", "-d", "--data", "-X", "--request", "-u", "--user",
		"--retry", "--max-time", "-m", "--connect-timeout", "-w", "--write-out", "--retry-delay", "--proto")
	if len(rest) == 0 {
		return c.fail(2, "no URL specified")
	}
	at, err := url.Parse(rest[len(rest)-1])
	if err != nil || at.Host == "" {
		return c.fail(3, "URL rejected: Malformed input")
	}
	text := downloadMark + at.Redacted() + "\n"
	if host := at.Hostname(); host == "127.0.0.1" || host == "localhost" {
		unit := localServices[at.Port()]
		if unit == "" || !c.machine().active(unit) {
			return c.fail(7, "Failed to connect to %s port %s: Connection refused", host, at.Port())
		}
		text = ""
	} else if code := c.lasts(downloadTakes); code != 0 {
		return code
	}
	output := set["-o"] + set["--output"]
	if has(set, "-O", "--remote-name") {
		output = path.Base(at.Path)
	}
	if output == "" {
		c.print(text)
		return 0
	}
	if err := c.write(output, []byte(text)); err != nil {
		return c.fail(23, "Failure writing output to %s: %s", output, reason(err))
	}
	return 0
}

// localServices are the units that answer HTTP on the machine itself.
var localServices = map[string]string{"9000": "minio", "9001": "minio"}

func docker(c *command) int {
	if !c.machine().active("docker") {
		return c.fail(1, "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?")
	}
	if c.shell.user != "root" && !c.machine().inGroup(c.shell.user, "docker") {
		return c.fail(1, "permission denied while trying to connect to the Docker daemon socket")
	}
	if len(c.args) > 0 && (c.args[0] == "version" || c.args[0] == "info" || c.args[0] == "ps") {
		return 0
	}
	return c.assume()
}

// psql takes what it is given for good SQL when the server runs and the user may.
func psql(c *command) int {
	if !c.machine().active("postgresql") {
		return c.fail(2, "error: connection to server on socket \"/var/run/postgresql/.s.PGSQL.5432\" failed: No such file or directory")
	}
	if c.shell.user != "postgres" && c.getenv("PGPASSWORD") == "" {
		return c.fail(2, "error: FATAL:  role \"%s\" does not exist", c.shell.user)
	}
	_ = c.input()
	return 0
}

func pgIsReady(c *command) int {
	if !c.machine().active("postgresql") {
		return 2
	}
	return 0
}

const minioData = "/var/minio/data"

// mc knows aliases and buckets of the MinIO on this machine.
func mc(c *command) int {
	set, words := flags(c.args, "--region")
	if len(words) == 0 {
		return 0
	}
	alias := path.Join(c.machine().home(c.shell.user), ".mc-alias")
	switch {
	case words[0] == "alias" && len(words) >= 4 && words[1] == "set":
		if !c.machine().active("minio") {
			return c.fail(1, "<ERROR> Unable to initialize new alias from the provided credentials. connection refused.")
		}
		if len(words) < 6 && len(bytes.Fields(c.input())) < 2 {
			return c.fail(1, "<ERROR> Access Key and Secret Key are needed")
		}
		if err := c.disk().put(alias, []byte(words[2]), 0o600, c.shell.user); err != nil {
			return c.fail(1, "<ERROR> %s", reason(err))
		}
		return 0
	case words[0] == "mb" && len(words) == 2:
		return c.makeBucket(alias, words[1], has(set, "--ignore-existing", "-p"))
	default:
		return c.assume()
	}
}

func (c *command) makeBucket(aliasFile, target string, ignoreExisting bool) int {
	name, bucket, _ := strings.Cut(target, "/")
	known, err := c.disk().read(aliasFile)
	if err != nil || string(known) != name {
		return c.fail(1, "<ERROR> Unable to make bucket `%s`. No such alias `%s` found.", target, name)
	}
	if !c.machine().active("minio") {
		return c.fail(1, "<ERROR> Unable to make bucket `%s`. connection refused.", target)
	}
	at := path.Join(minioData, bucket)
	if _, err := c.disk().stat(at); err == nil {
		if ignoreExisting {
			return 0
		}
		return c.fail(1, "<ERROR> Unable to make bucket `%s`. Your previous request to create the named bucket succeeded and you already own it.", target)
	}
	if err := c.disk().mkdir(at, 0o755, "minio", true); err != nil {
		return c.fail(1, "<ERROR> %s", reason(err))
	}
	return 0
}
