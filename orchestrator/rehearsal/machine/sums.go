package machine

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// sha256sum checks real sums of real files; what was downloaded in a rehearsal
// is taken for what was asked for.
func sha256sum(c *command) int {
	set, names := flags(c.args)
	if !has(set, "-c", "--check") {
		for _, name := range names {
			data, err := c.content(name)
			if err != nil {
				return c.fail(1, "%s: %s", name, reason(err))
			}
			c.print(digest(data) + "  " + name + "\n")
		}
		if len(names) == 0 {
			c.print(digest(c.input()) + "  -\n")
		}
		return 0
	}
	list, code := c.read(names)
	silent := has(set, "--status")
	for line := range strings.Lines(string(list)) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), " ")
		name = strings.TrimLeft(name, " *")
		if !ok {
			continue
		}
		data, err := c.content(name)
		good := err == nil && (isDownload(data) || digest(data) == sum)
		if !good {
			code = 1
		}
		switch {
		case silent:
		case err != nil:
			_ = c.fail(1, "%s: %s", name, reason(err))
		case !good:
			c.print(name + ": FAILED\n")
		case !has(set, "--quiet"):
			c.print(name + ": OK\n")
		}
	}
	return code
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
