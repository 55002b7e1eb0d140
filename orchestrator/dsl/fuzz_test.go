package dsl

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/slipwayhq/slipway/orchestrator"
)

// seed adds the main files of all golden cases, and a choice of the recorded
// ones where they are at hand.
func seed(f *testing.F) {
	f.Helper()
	paths, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range a.Files {
			if file.Name == "blueprint.yaml" {
				f.Add(string(file.Data))
			}
		}
	}
	if _, err := os.Stat(conformanceFolder); err != nil {
		return
	}
	for i, c := range readCases(f) {
		if c.Main != nil && i%7 == 0 {
			f.Add(*c.Main)
		}
	}
}

// Whatever text comes, reading ends, within the limits.
func FuzzYAML(f *testing.F) {
	seed(f)
	f.Add("a: &a [*b]\nb: &b [*a]\n")
	f.Add("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n")
	f.Add("<<: [{a: 1}, {<<: {b: 2}}]\n")
	f.Fuzz(func(t *testing.T, text string) {
		root, errs := readYAML("fuzz.yaml", []byte(text))
		if root == nil && len(errs) == 0 {
			t.Fatal("neither a tree nor an error")
		}
		if root != nil && (root.size > maxDocumentNodes || root.depth > maxDocumentDepth) {
			t.Fatalf("size %d, depth %d", root.size, root.depth)
		}
	})
}

// Whatever blueprint comes, compiling ends with a plan or a reason, and a plan
// can be stored, prepared and multiplied, or the reason is told.
func FuzzCompile(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text string) {
		source := Source{Files: fstest.MapFS{"blueprint.yaml": &fstest.MapFile{Data: []byte(text)}}, Main: "blueprint.yaml"}
		plan, findings := Compile(source, nil)
		if (plan == nil) != findings.HasErrors() {
			t.Fatalf("plan %v, findings %v", plan != nil, findings)
		}
		if plan == nil {
			return
		}
		pretty(t, plan)
		given := map[string]Value{}
		for _, in := range plan.Inputs {
			if in.Required && !in.HasDefault {
				given[in.Name] = "x"
			}
		}
		inputs, err := ResolveInputs(plan, given, InputOptions{Convert: true})
		if err != nil {
			return
		}
		prepared, err := Prepare(plan, inputs, PrepareOptions{})
		if err != nil {
			return
		}
		if _, err := Instances(prepared, counter()); err != nil && orchestrator.ErrorCode(err) == orchestrator.Internal {
			t.Fatal(err)
		}
	})
}
