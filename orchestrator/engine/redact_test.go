package engine

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
)

const aSecret = `p'a"ss<w>ord/7+8 x`

// Whatever shape a known secret takes in a line, nothing of it is stored.
func TestRedact(t *testing.T) {
	asJSON, err := json.Marshal(map[string]string{"password": aSecret})
	if err != nil {
		t.Fatal(err)
	}
	r := newRedactor()
	r.learn(orchestrator.Mark(aSecret))
	for name, tc := range map[string]struct{ reason, text, want string }{
		"Plain":       {"as it is", "it is " + aSecret + "!", "it is [redacted]!"},
		"Twice":       {"each time", aSecret + aSecret, "[redacted][redacted]"},
		"Query":       {"in a URL's query", "?p=" + url.QueryEscape(aSecret), "?p=[redacted]"},
		"Path":        {"in a URL's path", "/" + url.PathEscape(aSecret), "/[redacted]"},
		"ShellOne":    {"as printf %q and people quote", `P='p'\''a"ss<w>ord/7+8 x'`, "P='[redacted]'"},
		"ShellTwo":    {"as our own scripts quote", `P='p'"'"'a"ss<w>ord/7+8 x'`, "P='[redacted]'"},
		"JSON":        {"as jq writes it", `{"password":"p'a\"ss<w>ord/7+8 x"}`, `{"password":"[redacted]"}`},
		"GoJSON":      {"as Go writes it", string(asJSON), `{"password":"[redacted]"}`},
		"Base64":      {"as Kubernetes keeps it", base64.StdEncoding.EncodeToString([]byte(aSecret)), "[redacted]"},
		"NotAtAll":    {"ordinary words stay", "password accepted", "password accepted"},
		"PartOfIt":    {"a part is not the whole", `p'a"ss`, `p'a"ss`},
		"Surrounding": {"what stands around stays", "<" + aSecret + ">", "<[redacted]>"},
	} {
		t.Run(name, func(t *testing.T) {
			got, found := r.clean(tc.text)
			if got != tc.want || found != (tc.want != tc.text) {
				t.Errorf("%s: %q becomes %q (%v), want %q", tc.reason, tc.text, got, found, tc.want)
			}
		})
	}
}

// Base64 at any alignment leaves at most the characters shared with neighbours.
func TestRedactBase64Inside(t *testing.T) {
	const secret = "correct-horse-battery-staple"
	r := newRedactor()
	r.learnText(secret)
	for before := range 4 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("u", before) + secret + ":rest"))
		got, found := r.clean(text)
		if core := text[before*4/3+4 : before*4/3+24]; !found || strings.Contains(got, core) {
			t.Errorf("after %d bytes %q becomes %q", before, text, got)
		}
	}
}

// A long secret goes to the log in lines; none of them may stay.
func TestRedactWrappedBase64(t *testing.T) {
	secret := strings.Repeat("0123456789abcdef", 20)
	r := newRedactor()
	r.learnText(secret)
	encoded := base64.StdEncoding.EncodeToString([]byte(secret))
	for _, width := range []int{64, 76} {
		for rest := encoded; len(rest) >= minRedacted; rest = rest[min(width, len(rest)):] {
			if line := rest[:min(width, len(rest))]; clean(r, line) != redacted {
				t.Errorf("the line %q of %d characters becomes %q", line, width, clean(r, line))
			}
		}
	}
}

func clean(r *redactor, text string) string {
	text, _ = r.clean(text)
	return text
}

// Values under eight bytes stay: they would eat ordinary words.
func TestRedactLeavesShortValues(t *testing.T) {
	r := newRedactor()
	r.learn(orchestrator.Mark("admin12"))
	if got := clean(r, "admin12"); got != "admin12" {
		t.Errorf("a value of seven bytes becomes %q", got)
	}
}

// Of a marked map only what looks secret counts, wherever it lies.
func TestRedactMarkedMaps(t *testing.T) {
	r := newRedactor()
	r.learn(orchestrator.Mark(map[string]orchestrator.Value{
		"server": "https://cluster.example.com",
		"users":  []orchestrator.Value{map[string]orchestrator.Value{"token": "eyJhbGciOi", "name": "admin-of-all"}},
	}))
	if got, want := clean(r, "eyJhbGciOi https://cluster.example.com admin-of-all"), "[redacted] https://cluster.example.com admin-of-all"; got != want {
		t.Errorf("it becomes %q, want %q", got, want)
	}
}
