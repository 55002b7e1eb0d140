package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"path/filepath"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/archive"
	"github.com/slipwayhq/slipway/orchestrator/diag"
	"github.com/slipwayhq/slipway/orchestrator/dsl"
)

// Bundled is what this program knows about blueprints without a server.
type Bundled struct {
	// Types returns a bundled type file by its import location.
	Types func(location, dslVersion string) (text, name string, ok bool)
	// EveryType is a blueprint that imports all of them, Plugins the plugins
	// among them.
	EveryType string
	Plugins   []string
	// Check finds operations that no provider carries out.
	Check func(*orchestrator.Plan) diag.Diagnostics
}

// checked is one blueprint and what was found in it. Findings name files as
// this machine has them: the folder that was given, and the file in it.
type checked struct {
	Path     string           `json:"path,omitempty"`
	Valid    bool             `json:"valid"`
	MainFile string           `json:"main_file_name"`
	Findings diag.Diagnostics `json:"findings"`
	texts    map[string][]byte
}

func (c checked) read(file string) ([]byte, bool) {
	text, ok := c.texts[file]
	return text, ok
}

// checkHere compiles a blueprint with what this program holds.
func (b Bundled) checkHere(s source) (checked, error) {
	main, err := archive.MainFile(s.files, s.mainFile)
	if err != nil {
		return checked{}, fmt.Errorf("%s: %w", s.place, err)
	}
	imported := b.importer()
	plan, findings := dsl.Compile(dsl.Source{Files: s.files, Main: main}, imported)
	if plan != nil {
		findings = append(findings, b.Check(plan)...).Sort()
	}
	return s.checked(main, findings, imported.texts), nil
}

func (b Bundled) importer() *importer {
	return &importer{bundled: b, texts: map[string][]byte{}}
}

// checkThere asks the server, which has blueprints to import and may fetch.
func (c *client) checkThere(ctx context.Context, s source) (checked, error) {
	body, contentType, err := s.form("tenant", nil)
	if err != nil {
		return checked{}, err
	}
	var answer json.RawMessage
	if err := c.ask(ctx, request{method: http.MethodPost, path: "/blueprints/validate", contentType: contentType, body: body}, &answer); err != nil {
		return checked{}, err
	}
	var found checked
	if err := json.Unmarshal(answer, &found); err != nil {
		return checked{}, fmt.Errorf("read the server's answer: %w", err)
	}
	return s.checked(found.MainFile, found.Findings, nil), nil
}

// checked gives the files of findings the names that they have on this machine,
// and keeps the texts that they point into.
func (s source) checked(mainFile string, findings diag.Diagnostics, imported map[string][]byte) checked {
	out := checked{Valid: !findings.HasErrors(), MainFile: mainFile, Findings: diag.Diagnostics{}, texts: map[string][]byte{}}
	for _, finding := range findings {
		name := s.named(finding.Range.File)
		if text, ok := s.read(finding.Range.File); ok {
			out.texts[name] = text
		} else if text, ok := imported[finding.Range.File]; ok {
			out.texts[name] = text
		}
		finding.Range.File = name
		chain := make([]string, len(finding.Imports))
		for i, file := range finding.Imports {
			chain[i] = s.named(file)
		}
		finding.Imports = chain
		out.Findings = append(out.Findings, finding)
	}
	return out
}

// named is a file of the blueprint as this machine has it; others stay.
func (s source) named(file string) string {
	if _, err := fs.Stat(s.files, file); file == "" || err != nil {
		return file
	}
	return path.Join(filepath.ToSlash(s.place), file)
}

// importer finds bundled type files and says of the rest who has it.
type importer struct {
	bundled Bundled
	texts   map[string][]byte // what was found, by name, for excerpts
}

var _ dsl.Importer = (*importer)(nil)

// Import implements dsl.Importer.
func (i *importer) Import(location, version string) (*dsl.Document, error) {
	document, err := dsl.Bundled(i.bundled.Types).Import(location, version)
	if err == nil {
		i.texts[document.Name] = document.Text
		return document, nil
	}
	switch kind, name, _ := strings.Cut(location, ":"); {
	case kind == "blueprint":
		return nil, fmt.Errorf("the blueprint %q is on a server; ask one with --server", name)
	case kind == "plugin":
		return nil, fmt.Errorf("no plugin %q is bundled with this program, which has %s", name, strings.Join(i.bundled.Plugins, ", "))
	case strings.Contains(location, "://"):
		return nil, errors.New("it is not bundled with this program; a server may fetch it: ask one with --server")
	default:
		return nil, errors.New("it is neither a file of the blueprint nor bundled with this program")
	}
}
