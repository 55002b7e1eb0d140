package control

import (
	"fmt"

	"github.com/slipwayhq/slipway/orchestrator/archive"
	"github.com/slipwayhq/slipway/orchestrator/dsl"
)

// BlueprintSchema is the JSON Schema of blueprints that use the bundled types,
// for editors. It ships with the server, so it is the same for everybody.
func (c *Control) BlueprintSchema() ([]byte, error) { return c.schema() }

func blueprintSchema(catalogue Catalogue) ([]byte, error) {
	const main = "blueprint.yaml"
	files := archive.Files{main: []byte(catalogue.EveryType())}
	schema, findings := dsl.JSONSchema(dsl.Source{Files: files, Main: main}, dsl.Bundled(catalogue.Types))
	if err := findings.Err(); err != nil {
		return nil, fmt.Errorf("bundled types: %w", err)
	}
	return schema, nil
}
