package control

import (
	"context"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/dsl"
	"github.com/slipwayhq/slipway/store"
)

// importer resolves what a blueprint imports from outside its archive: bundled
// files first, then blueprints of the team, then https from allowed hosts.
type importer struct {
	ctx     context.Context
	control *Control
	team    string
	texts   map[string][]byte // what was found, by the name that findings have for it
	// blueprints are the versions that were found, by id: all imports of one id
	// get the same, whoever uploads another meanwhile.
	blueprints map[string]orchestrator.Blueprint
}

func (c *Control) newImporter(ctx context.Context, team string) *importer {
	return &importer{ctx: ctx, control: c, team: team, texts: map[string][]byte{}, blueprints: map[string]orchestrator.Blueprint{}}
}

// imported tells which version each namespace of the plan stands for.
func (i *importer) imported(plan *orchestrator.Plan) map[string]orchestrator.Blueprint {
	imported := map[string]orchestrator.Blueprint{}
	for namespace, id := range plan.NamespacesMapping {
		imported[namespace] = i.blueprints[id]
	}
	return imported
}

var _ dsl.Importer = (*importer)(nil)

// Import implements dsl.Importer.
func (i *importer) Import(location, version string) (*dsl.Document, error) {
	document, err := i.find(location, version)
	if err == nil {
		i.texts[document.Name] = document.Text
	}
	return document, err
}

func (i *importer) find(location, version string) (*dsl.Document, error) {
	if text, name, ok := i.control.cfg.Catalogue.Types(location, version); ok {
		return &dsl.Document{Name: name, Text: []byte(text), AnyVersion: true}, nil
	}
	if id, ok := strings.CutPrefix(location, "blueprint:"); ok {
		return i.blueprint(id)
	}
	if strings.HasPrefix(location, "plugin:") {
		return nil, fmt.Errorf("no plugin %q is bundled with this server", strings.TrimPrefix(location, "plugin:"))
	}
	return i.fetch(location)
}

func (i *importer) blueprint(id string) (*dsl.Document, error) {
	found, err := i.newest(id)
	if err != nil {
		return nil, fmt.Errorf("blueprint %q: %s", id, orchestrator.ErrorMessage(err))
	}
	files, err := i.control.files.open(i.ctx, found.Archive)
	if err != nil {
		return nil, err
	}
	text, err := fs.ReadFile(files, found.MainFile)
	if err != nil {
		return nil, fmt.Errorf("blueprint %q: %w", id, err)
	}
	return &dsl.Document{Name: "blueprint:" + id, Text: text, Files: files, Path: found.MainFile}, nil
}

func (i *importer) newest(id string) (orchestrator.Blueprint, error) {
	if found, ok := i.blueprints[id]; ok {
		return found, nil
	}
	var found orchestrator.Blueprint
	err := i.control.view(i.ctx, func(tx *store.Tx) (err error) {
		found, err = tx.NewestBlueprint(i.ctx, i.team, id)
		return err
	})
	if err == nil {
		i.blueprints[id] = found
	}
	return found, err
}

// fetch gets an import over https from an allowed host, and from nowhere else.
func (i *importer) fetch(location string) (*dsl.Document, error) {
	parsed, err := url.Parse(location)
	if err != nil || parsed.Host == "" {
		return nil, fmt.Errorf("%q is neither a file of the archive nor something this server has", location)
	}
	host := strings.ToLower(parsed.Hostname())
	switch {
	case parsed.User != nil:
		return nil, fmt.Errorf("the import from %s holds a user or password; imports are public", host)
	case parsed.Scheme != "https":
		return nil, fmt.Errorf("%s is not bundled with this server, and imports are fetched over https only", location)
	case !slices.ContainsFunc(i.control.cfg.ImportHosts, func(allowed string) bool { return strings.EqualFold(allowed, host) }):
		return nil, fmt.Errorf("imports from %s are not allowed; an admin can list the host in SLIPWAY_IMPORT_HOSTS", host)
	case i.control.cfg.Fetch == nil:
		return nil, fmt.Errorf("this server fetches no imports")
	}
	text, err := i.control.cfg.Fetch(i.ctx, location)
	if err != nil {
		return nil, err
	}
	return &dsl.Document{Name: location, Text: text}, nil
}
