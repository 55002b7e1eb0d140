package views

import (
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/diag"
)

// BlueprintsPage lists blueprints, the newest version of each.
type BlueprintsPage struct {
	Chrome
	Search    Search
	Rows      []BlueprintRow
	Pager     Pager
	None      string
	CanUpload bool
}

// BlueprintRow is one blueprint.
type BlueprintRow struct {
	ID, Href, Version string
	Description       string
	Origin            string // "bundled", or who uploaded it
	Deployments       string
	Updated           When
	Launch            string
}

// BlueprintPage is one version of a blueprint.
type BlueprintPage struct {
	Chrome
	ID, Version, Description string
	Facts                    []Fact
	Actions                  []Action
	Inputs                   []InputRow
	Capabilities             []InterfaceRow
	Nodes                    []OutlineNode
	NodeCount                string
	Versions                 []VersionRow
}

// InputRow describes an input.
type InputRow struct {
	Name, Type, Default, Description, Limits string
	Required                                 bool
}

// InterfaceRow describes a capability.
type InterfaceRow struct{ Name, Description string }

// OutlineNode is a node of the plan with what it waits for.
type OutlineNode struct {
	Name, Type string
	After      string // "after vpc, subnet_1"
}

func (n OutlineNode) detail() string {
	if n.After == "" {
		return n.Type
	}
	return n.Type + ", " + n.After
}

// VersionRow is one version.
type VersionRow struct {
	Version, Href, By, Digest string
	Uploaded                  When
	Current                   bool
}

// UploadPage takes an archive and shows what is wrong with it.
type UploadPage struct {
	Chrome
	ID, MainFile Field
	NewVersion   bool // the id exists: this adds a version
	FileError    string
	Problem      *Notice
	Findings     []Finding
}

// Finding is a diagnostic with its excerpt.
type Finding struct {
	Tone           Tone
	Where, Message string
	Hint, Path     string
	Before, At     string // the line up to the caret, and from it
	Line           string
	Imports        string
}

// Findings prepares diagnostics for a page. source returns the text of a file;
// a finding about one that it does not have gets no excerpt.
func Findings(list diag.Diagnostics, source func(file string) ([]byte, bool)) []Finding {
	lines := map[string][]string{}
	var out []Finding
	for _, d := range list {
		f := Finding{Tone: ToneFail, Where: whereAndWhat(d), Message: d.Message, Hint: d.Hint, Path: d.Path, Imports: strings.Join(d.Imports, " → ")}
		if d.Severity == diag.Warning {
			f.Tone = ToneAttn
		}
		if _, seen := lines[d.Range.File]; !seen {
			lines[d.Range.File] = nil
			if text, ok := source(d.Range.File); ok {
				lines[d.Range.File] = strings.Split(string(text), "\n")
			}
		}
		if n := d.Range.Start.Line; n >= 1 && n <= len(lines[d.Range.File]) {
			text, caret := diag.Excerpt(lines[d.Range.File][n-1], d.Range.Start.Column)
			f.Line = itoa(n)
			runes := []rune(text)
			f.Before, f.At = string(runes[:caret]), string(runes[caret:])
		}
		out = append(out, f)
	}
	return out
}

// whereAndWhat is "blueprint.yaml:4:11 · error 7", as the command line has it.
func whereAndWhat(d diag.Diagnostic) string {
	what := string(d.Severity)
	if d.Code != 0 {
		what += " " + strconv.Itoa(d.Code)
	}
	if place := d.Range.String(); place != "" {
		return place + " · " + what
	}
	return what
}

// markedPart is the word under the caret; afterMark what follows it.
func markedPart(at string) string { return at[:wordEnd(at)] }
func afterMark(at string) string  { return at[wordEnd(at):] }

func wordEnd(at string) int {
	if i := strings.IndexAny(at, " \t:,]}"); i > 0 {
		return i
	}
	return len(at)
}

func ariaInvalid(message string) string {
	if message == "" {
		return "false"
	}
	return "true"
}
