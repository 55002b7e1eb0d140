package main

import (
	"io"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/cmd/slipway/cli"
)

// validateCatalogue is "slipway blueprints validate blueprints".
func validateCatalogue(out io.Writer) error {
	root := cli.New(version, bundled(), strings.NewReader(""), out, out)
	root.SetArgs([]string{"blueprints", "validate", "../../blueprints"})
	return root.Execute()
}

// The catalogue is clean in the eyes of the compiler and of every provider.
func TestValidateCatalogue(t *testing.T) {
	var out strings.Builder
	if err := validateCatalogue(&out); err != nil || !strings.HasSuffix(out.String(), "blueprints are valid\n") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func BenchmarkValidateCatalogue(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if err := validateCatalogue(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
