package archive

import (
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
)

func TestMainFile(t *testing.T) {
	files := func(names ...string) Files {
		out := Files{}
		for _, name := range names {
			out[name] = nil
		}
		return out
	}
	cases := map[string]struct {
		reason string
		files  Files
		named  string
		want   string
	}{
		"Usual":       {reason: "blueprint.yaml needs no name", files: files("a.yaml", "blueprint.yaml"), want: "blueprint.yaml"},
		"Named":       {reason: "a name wins", files: files("a.yaml", "blueprint.yaml"), named: "a.yaml", want: "a.yaml"},
		"Escaped":     {reason: "clients escape names as in a URL", files: files("my app.yaml", "blueprint.yaml"), named: "my%20app.yaml", want: "my app.yaml"},
		"Only":        {reason: "one YAML file can be no other", files: files("app.yml", "scripts/run.sh"), want: "app.yml"},
		"ErrSeveral":  {reason: "two may be either", files: files("a.yaml", "b.yaml")},
		"ErrBelow":    {reason: "a main file is at the top", files: files("sub/blueprint.yaml")},
		"ErrAbsent":   {reason: "a name that is not there", files: files("blueprint.yaml"), named: "a.yaml"},
		"ErrFolder":   {reason: "a folder is no file", files: files("blueprint.yaml", "sub/a.yaml"), named: "sub"},
		"ErrOutside":  {reason: "nothing is outside", files: files("blueprint.yaml"), named: "../blueprint.yaml"},
		"ErrAbsolute": {reason: "nothing is at the root of this machine", files: files("blueprint.yaml"), named: "/etc/passwd"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := MainFile(tc.files, tc.named)
			if got != tc.want {
				t.Errorf("%s: %q, %v", tc.reason, got, err)
			}
			if tc.want == "" && orchestrator.ErrorCode(err) != orchestrator.Invalid {
				t.Errorf("%s: %v", tc.reason, err)
			}
		})
	}
}
