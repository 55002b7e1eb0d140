package cli

import (
	"bytes"
	"strings"
	"testing"
)

// What others wrote (a machine's error, an author's description) must not move
// the cursor, recolour or retitle the reader's terminal.
func TestTerminalsAreLeftAlone(t *testing.T) {
	const hostile = "fine\x1b]0;title\x07\x1b[2J\x9b1mnot\nfine"
	var out bytes.Buffer
	c := &cli{out: &out}
	if err := c.printValues(map[string]described{"endpoint": {Value: hostile, Description: hostile}}); err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"a value": out.String(), "a refusal": (&serverError{status: 400, message: hostile}).Error(), "a cell": cell("name", hostile),
	} {
		if strings.ContainsAny(text, "\x1b\x07") || strings.Contains(text, "\u009b") || !strings.Contains(text, "fine") {
			t.Errorf("%s is printed as %q", what, text)
		}
	}
}
