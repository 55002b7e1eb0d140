package dsl

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/slipwayhq/slipway/orchestrator/diag"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// blueprintOf reads the files of a golden case. Names with a scheme are what
// the importer serves.
func blueprintOf(a *txtar.Archive) (Source, caseImporter) {
	files, imports := fstest.MapFS{}, map[string]string{}
	for _, f := range a.Files {
		switch {
		case importScheme.MatchString(f.Name):
			imports[f.Name] = string(f.Data)
		case !strings.HasPrefix(f.Name, "want"):
			files[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	return Source{Files: files, Main: "blueprint.yaml"}, caseImporter{conformanceCase{Imports: imports}}
}

// golden compares got with the file of that name in the archive, or rewrites it.
func golden(t *testing.T, path string, a *txtar.Archive, name string, got []byte) {
	t.Helper()
	for i, f := range a.Files {
		if f.Name != name {
			continue
		}
		if *update {
			a.Files[i].Data = got
		} else if diff := cmp.Diff(string(f.Data), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		got = nil
	}
	if got != nil {
		if !*update {
			t.Fatalf("%s has no file %s; run with -update", path, name)
		}
		a.Files = append(a.Files, txtar.File{Name: name, Data: got})
	}
	if *update {
		if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func eachGolden(t *testing.T, folder string, run func(t *testing.T, path string, a *txtar.Archive)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases in %s: %v", folder, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			run(t, path, a)
		})
	}
}

// Each blueprint under testdata/plans compiles to the plan beside it, and to
// what the creation of a deployment makes of it.
func TestPlans(t *testing.T) {
	eachGolden(t, "plans", func(t *testing.T, path string, a *txtar.Archive) {
		source, importer := blueprintOf(a)
		plan, findings := Compile(source, importer)
		if err := findings.Err(); err != nil {
			t.Fatal(err)
		}
		golden(t, path, a, "want-plan.json", pretty(t, plan))
		inputs, err := ResolveInputs(plan, nil, InputOptions{})
		if err != nil {
			t.Fatal(err)
		}
		prepared, err := Prepare(plan, inputs, PrepareOptions{})
		if err != nil {
			t.Fatal(err)
		}
		instances, err := Instances(prepared, counter())
		if err != nil {
			t.Fatal(err)
		}
		golden(t, path, a, "want-deployment.json", pretty(t, map[string]any{
			"inputs": inputs, "instances": instanceDocs(instances), "capability_uses": CapabilityUses(prepared, instances), "secrets": Secrets(prepared),
			"outputs": prepared.Outputs, "capabilities": prepared.Capabilities,
		}))
	})
}

func pretty(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Each blueprint under testdata/findings is refused with exactly the findings
// beside it, as a terminal shows them.
func TestFindings(t *testing.T) {
	eachGolden(t, "findings", func(t *testing.T, path string, a *txtar.Archive) {
		source, importer := blueprintOf(a)
		plan, findings := Compile(source, importer)
		if plan != nil || !findings.HasErrors() {
			t.Fatal("the blueprint was expected to be refused")
		}
		var b bytes.Buffer
		if err := diag.Render(&b, findings, textsOf(a)); err != nil {
			t.Fatal(err)
		}
		golden(t, path, a, "want.txt", b.Bytes())
	})
}

// Each blueprint at the top of an archive under testdata/broken gets the
// findings in it, as a terminal shows them; what lies in folders is imported.
func TestBroken(t *testing.T) {
	eachGolden(t, "broken", func(t *testing.T, path string, a *txtar.Archive) {
		source, importer := blueprintOf(a)
		var b bytes.Buffer
		for _, f := range a.Files {
			if strings.Contains(f.Name, "/") || strings.HasPrefix(f.Name, "want") {
				continue
			}
			source.Main = f.Name
			_, findings := Compile(source, importer)
			if len(findings) == 0 {
				t.Errorf("%s was expected to have findings", f.Name)
			}
			b.WriteString("== " + f.Name + "\n")
			if err := diag.Render(&b, findings, textsOf(a)); err != nil {
				t.Fatal(err)
			}
			for _, d := range findings {
				if d.Range.Start.Line == 0 || d.Range.Start.Column == 0 {
					t.Errorf("%s: every finding has a line and a column", d)
				}
			}
		}
		golden(t, path, a, "want.txt", b.Bytes())
	})
}

// textsOf returns the files of an archive for excerpts.
func textsOf(a *txtar.Archive) func(file string) ([]byte, bool) {
	return func(file string) ([]byte, bool) {
		for _, f := range a.Files {
			if f.Name == file {
				return f.Data, true
			}
		}
		return nil, false
	}
}
