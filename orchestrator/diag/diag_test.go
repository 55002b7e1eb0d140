package diag

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

func at(file string, line, column int) orchestrator.Range {
	return orchestrator.Range{File: file, Start: orchestrator.Position{Line: line, Column: column}}
}

func TestSort(t *testing.T) {
	in := Diagnostics{
		{Message: "import", Range: at("b.yaml", 1, 1), Imports: []string{"a.yaml"}},
		{Message: "late", Range: at("a.yaml", 9, 1)},
		{Message: "right", Range: at("a.yaml", 2, 5)},
		{Message: "left", Range: at("a.yaml", 2, 3)},
		{Message: "late", Range: at("a.yaml", 9, 1)},
	}
	var got []string
	for _, d := range in.Sort() {
		got = append(got, d.Message)
	}
	want := []string{"left", "right", "late", "import"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the main file first, then by position, nothing twice (-want +got):\n%s", diff)
	}
}

func TestErr(t *testing.T) {
	if err := (Diagnostics{{Severity: Warning, Message: "look"}}).Err(); err != nil {
		t.Errorf("warnings are no error: %v", err)
	}
	findings := Diagnostics{
		{Severity: Error, Code: 7, Message: "no such type", Range: at("a.yaml", 3, 5), Hint: "did you mean b?"},
		{Severity: Error, Message: "and this"},
	}
	err := findings.Err()
	if code := orchestrator.ErrorCode(err); code != orchestrator.Invalid {
		t.Errorf("code %q", code)
	}
	want := "the blueprint is not valid: a.yaml:3:5: error 7: no such type (did you mean b?) (and 1 more)"
	if diff := cmp.Diff(want, orchestrator.ErrorMessage(err)); diff != "" {
		t.Errorf("the first finding and how many more (-want +got):\n%s", diff)
	}
	failure, ok := errors.AsType[*Failure](err)
	if !ok || len(failure.Diagnostics) != 2 {
		t.Errorf("all findings are in the chain: %v", failure)
	}
}

func TestRender(t *testing.T) {
	source := "first\n\tkey: valeu\n"
	cases := map[string]struct {
		reason string
		in     Diagnostic
		want   string
	}{
		"Whole": {
			reason: "excerpt, caret, path, chain and hint, each on its line",
			in: Diagnostic{Severity: Error, Code: 7, Message: "bad", Hint: "did you mean \"value\"?", Range: at("a.yaml", 2, 7), Path: "x.key",
				Imports: []string{"main.yaml", "b.yaml"}},
			want: "a.yaml:2:7: error 7: bad\n    2 |  key: valeu\n      |       ^\n  at x.key\n  imported by main.yaml > b.yaml\n  hint: did you mean \"value\"?\n",
		},
		"NoPosition": {
			reason: "a finding about the file as a whole has no excerpt",
			in:     Diagnostic{Severity: Warning, Message: "odd", Range: orchestrator.Range{File: "a.yaml"}},
			want:   "a.yaml: warning: odd\n",
		},
		"NoText": {
			reason: "nor has one in a file that is not at hand, not even on its first line",
			in:     Diagnostic{Severity: Error, Message: "odd", Range: at("b.yaml", 1, 1)},
			want:   "b.yaml:1:1: error: odd\n",
		},
		"ControlCharacters": {
			reason: "a name cannot recolour the terminal",
			in:     Diagnostic{Severity: Error, Message: "node \x1b[31mred\u009b0m is odd"},
			want:   "error: node [31mred0m is odd\n",
		},
		"BeyondTheEnd": {
			reason: "a line that is not there has no excerpt",
			in:     Diagnostic{Severity: Error, Message: "odd", Range: at("a.yaml", 99, 1)},
			want:   "a.yaml:99:1: error: odd\n",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			err := Render(&b, Diagnostics{tc.in}, func(file string) ([]byte, bool) { return []byte(source), file == "a.yaml" })
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, b.String()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestExcerptCutsLongLines(t *testing.T) {
	line := strings.Repeat("a", 500) + "X" + strings.Repeat("b", 500)
	text, caret := Excerpt(line, 501)
	if len(text) != maxExcerpt || text[caret] != 'X' {
		t.Errorf("%d characters, caret at %d: %s", len(text), caret, text)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"cloudify.nodes.aws.ec2.Subnet", "cloudify.nodes.aws.ec2.Vpc", "string", "integer", "vm", strings.Repeat("a", 1<<20-1)}
	cases := map[string]struct{ reason, in, want string }{
		"Short":   {"one letter of a short name", "vn", "vm"},
		"Dotted":  {"what is common up to a dot does not make names alike", "cloudify.nodes.aws.ec2.Image", ""},
		"Front":   {"but the front may have the mistake", "cloudify.node.aws.ec2.Vpc", "cloudify.nodes.aws.ec2.Vpc"},
		"Case":    {"a difference in case only", "cloudify.nodes.aws.ec2.SubNet", "cloudify.nodes.aws.ec2.Subnet"},
		"Typo":    {"one letter", "strng", "string"},
		"Swap":    {"two letters swapped are one mistake", "itneger", "integer"},
		"Nothing": {"nothing is near", "boolean", ""},
		"Long":    {"what a stranger made a million characters long is not compared", strings.Repeat("a", 1<<20), ""},
		"Itself":  {"the name itself is no suggestion", "string", ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Nearest(tc.in, names); got != tc.want {
				t.Errorf("%s: %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}

func TestSARIF(t *testing.T) {
	var b strings.Builder
	findings := Diagnostics{
		{Severity: Error, Code: 7, Message: "bad", Hint: "good?", Range: at("a.yaml", 2, 7)},
		{Severity: Warning, Message: "odd", Range: orchestrator.Range{File: "my shop/b.yaml"}, Imports: []string{"a.yaml", "c.yaml"}},
	}
	if err := SARIF(&b, findings, "1.2.3"); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Runs []struct {
			Tool struct {
				Driver struct {
					Name, Version string
					Rules         []struct{ ID string }
				}
			}
			Results []struct {
				RuleID           string
				Level            string
				Message          struct{ Text string }
				RelatedLocations []struct {
					PhysicalLocation struct{ ArtifactLocation struct{ URI string } }
				}
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           *struct{ StartLine, StartColumn int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	run := got.Runs[0]
	if rules := run.Tool.Driver.Rules; len(rules) != 2 || rules[0].ID != "dsl" || rules[1].ID != "dsl/7" {
		t.Errorf("the rules that the results name: %+v", rules)
	}
	if run.Tool.Driver.Name != "slipway" || run.Tool.Driver.Version != "1.2.3" {
		t.Errorf("%+v", run.Tool)
	}
	first, second := run.Results[0], run.Results[1]
	if first.RuleID != "dsl/7" || first.Level != "error" || first.Message.Text != "bad (good?)" || first.Locations[0].PhysicalLocation.Region.StartLine != 2 {
		t.Errorf("%+v", first)
	}
	if second.RuleID != "dsl" || second.Level != "warning" || second.Locations[0].PhysicalLocation.Region != nil ||
		second.Locations[0].PhysicalLocation.ArtifactLocation.URI != "my%20shop/b.yaml" {
		t.Errorf("%+v", second)
	}
	if related := second.RelatedLocations; len(related) != 2 || related[1].PhysicalLocation.ArtifactLocation.URI != "c.yaml" {
		t.Errorf("the files that led there: %+v", related)
	}
}
