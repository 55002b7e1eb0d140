package control

import (
	"context"
	"path"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/archive"
)

// Resources opens what the operations of a blueprint version may read, for the
// engine: its archive, and those of the versions that it was compiled with.
func (c *Control) Resources(ctx context.Context, blueprint orchestrator.Blueprint) (archive.Resources, error) {
	own, err := c.folder(ctx, blueprint)
	if err != nil {
		return archive.Resources{}, err
	}
	resources := archive.Resources{Own: own, Imported: map[string]archive.Folder{}}
	for namespace, from := range blueprint.Imports {
		if resources.Imported[namespace], err = c.folder(ctx, from); err != nil {
			return archive.Resources{}, err
		}
	}
	return resources, nil
}

func (c *Control) folder(ctx context.Context, blueprint orchestrator.Blueprint) (archive.Folder, error) {
	files, err := c.files.open(ctx, blueprint.Archive)
	return archive.Folder{Files: files, Main: path.Dir(blueprint.MainFile)}, err
}
