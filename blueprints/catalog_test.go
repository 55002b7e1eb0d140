package blueprints

import (
	"encoding/json"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"mvdan.cc/sh/v3/syntax"
)

// eachFile calls check for every file of the catalogue.
func eachFile(t *testing.T, check func(t *testing.T, name, text string)) {
	t.Helper()
	err := fs.WalkDir(FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(FS, name)
		if err != nil {
			return err
		}
		t.Run(name, func(t *testing.T) { check(t, name, string(text)) })
		return nil
	})
	if err != nil {
		t.Fatalf("walk the catalogue: %v", err)
	}
}

func TestFilesAreASCII(t *testing.T) {
	eachFile(t, func(t *testing.T, _, text string) {
		for i, line := range strings.Split(text, "\n") {
			for _, r := range line {
				if r > '~' || (r < ' ' && r != '\t') {
					t.Fatalf("line %d has the character %q; catalogue files are ASCII", i+1, r)
				}
			}
		}
	})
}

func TestFilesParse(t *testing.T) {
	eachFile(t, func(t *testing.T, name, text string) {
		switch path.Ext(name) {
		case ".yaml":
			var document yaml.Node
			if err := yaml.Unmarshal([]byte(text), &document); err != nil {
				t.Fatal(err)
			}
		case ".json":
			if !json.Valid([]byte(text)) {
				t.Fatal("not JSON")
			}
		case ".sh":
			if _, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), name); err != nil {
				t.Fatal(err)
			}
		default:
			t.Fatalf("what kind of file is this?")
		}
	})
}

func TestScriptsStopAtTheFirstFailure(t *testing.T) {
	eachFile(t, func(t *testing.T, name, text string) {
		if path.Ext(name) == ".sh" && (!strings.HasPrefix(text, "#!/bin/bash\n") || !strings.Contains(text, "\nset -euo pipefail\n")) {
			t.Fatal("a script begins with #!/bin/bash and sets -euo pipefail")
		}
	})
}

// TestCatalogListsEveryBlueprint holds the list against the folders.
func TestCatalogListsEveryBlueprint(t *testing.T) {
	var listed []string
	ids := map[string]bool{}
	for _, entry := range Catalog() {
		listed = append(listed, entry.Dir)
		if ids[entry.ID] {
			t.Errorf("two entries have the id %s", entry.ID)
		}
		ids[entry.ID] = true
		if path.Base(entry.Dir) != entry.ID {
			t.Errorf("%s is in %s; the folder is named by the id", entry.ID, entry.Dir)
		}
		if entry.Title == "" || entry.Description == "" || entry.Kind == "" {
			t.Errorf("%s lacks title, description or kind", entry.ID)
		}
	}
	slices.Sort(listed)
	found, err := fs.Glob(FS, "*/*/"+MainFile)
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, name := range found {
		folders = append(folders, path.Dir(name))
	}
	slices.Sort(folders)
	if diff := cmp.Diff(folders, listed); diff != "" {
		t.Errorf("catalogue against folders (-folders +listed):\n%s", diff)
	}
}

// filePath finds what a blueprint names of its own files.
var filePath = regexp.MustCompile(`(?m)^\s*(?:script_path|template_file): (\S+)$`)

func TestFilesOfABlueprintAreThereAndUsed(t *testing.T) {
	for _, entry := range Catalog() {
		t.Run(entry.ID, func(t *testing.T) {
			files, err := entry.Files()
			if err != nil {
				t.Fatal(err)
			}
			text, err := fs.ReadFile(files, MainFile)
			if err != nil {
				t.Fatal(err)
			}
			used := []string{MainFile}
			for _, match := range filePath.FindAllStringSubmatch(string(text), -1) {
				used = append(used, match[1])
			}
			slices.Sort(used)
			var there []string
			err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
				if err == nil && !entry.IsDir() {
					there = append(there, name)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(there, used); diff != "" {
				t.Errorf("files (-in the folder +named by the blueprint):\n%s", diff)
			}
		})
	}
}

// TestSampleNamesTheCatalogue checks each cell of the sample: it has the four
// parts, each a component of the catalogue, with a deployment id and inputs
// that the blueprint declares.
func TestSampleNamesTheCatalogue(t *testing.T) {
	type part struct {
		Blueprint  string         `json:"blueprint"`
		Deployment any            `json:"deployment"`
		Inputs     map[string]any `json:"inputs"`
	}
	var sample map[string]map[string]map[string]part
	if err := json.Unmarshal([]byte(SampleEaasParams()), &sample); err != nil {
		t.Fatal(err)
	}
	components := map[string]Entry{}
	for _, entry := range Catalog() {
		if entry.Kind == Component {
			components[entry.ID] = entry
		}
	}
	got := map[string][]string{}
	for cloud, cells := range sample {
		for envType, parts := range cells {
			cell := cloud + " " + envType
			for _, name := range []string{"network", "k8s", "db", "s3"} {
				p := parts[name]
				got[cell] = append(got[cell], p.Blueprint)
				entry, ok := components[p.Blueprint]
				if !ok {
					t.Errorf("%s: %s is served by %q, which is not a component of the catalogue", cell, name, p.Blueprint)
					continue
				}
				if p.Deployment == nil {
					t.Errorf("%s: %s has no deployment id", cell, name)
				}
				checkInputs(t, cell+" "+name, entry, p.Inputs)
			}
		}
	}
	want := map[string][]string{
		"aws dev-small":    {"aws_single_node", "minikube", "aws_psql", "minio"},
		"azure production": {"azure_prod_network", "aks", "azure_rds_psql", "azure_s3"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
}

// checkInputs reports inputs that the blueprint lacks, and such as it needs.
func checkInputs(t *testing.T, where string, entry Entry, given map[string]any) {
	t.Helper()
	var blueprint struct {
		Inputs map[string]map[string]any `yaml:"inputs"`
	}
	if err := yaml.Unmarshal([]byte(mustRead(entry.Dir+"/"+MainFile)), &blueprint); err != nil {
		t.Fatal(err)
	}
	for name := range given {
		if _, ok := blueprint.Inputs[name]; !ok {
			t.Errorf("%s: blueprint %s has no input %s", where, entry.ID, name)
		}
	}
	for name, input := range blueprint.Inputs {
		_, hasDefault := input["default"]
		if _, ok := given[name]; !ok && !hasDefault {
			t.Errorf("%s: blueprint %s needs the input %s", where, entry.ID, name)
		}
	}
}
