package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/slipwayhq/slipway/orchestrator/archive"
	"github.com/slipwayhq/slipway/orchestrator/diag"
	"github.com/slipwayhq/slipway/orchestrator/dsl"
)

func (c *cli) blueprintsSchema() *cobra.Command {
	var target string
	command := &cobra.Command{
		Use: "schema [FILE]", Short: "Write a JSON Schema for blueprints, for editors", Args: takesAtMost("FILE"),
		Long: `Write a JSON Schema (2020-12) with which an editor completes and checks blueprints
as one types: sections, node types with their properties and operations,
relationships, functions. It is made from the bundled types; with FILE from those
that this blueprint imports and defines itself.

Editors with the YAML language server take it from a line at the top of a file:

  # yaml-language-server: $schema=blueprint.schema.json`,
		Example: `  slipway blueprints schema -o blueprint.schema.json
  slipway blueprints schema shop/blueprint.yaml -o shop/blueprint.schema.json`,
		RunE: func(_ *cobra.Command, args []string) error { return c.schema(args, target) },
	}
	command.Flags().StringVarP(&target, "output", "o", "", "the file to write (default: standard output)")
	return command
}

func (c *cli) schema(args []string, target string) error {
	s := source{files: archive.Files{defaultMain: []byte(c.bundled.EveryType)}}
	if len(args) > 0 {
		var err error
		if s, err = open(args[0], ""); err != nil {
			return err
		}
	}
	main, err := archive.MainFile(s.files, s.mainFile)
	if err != nil {
		return err
	}
	imported := c.bundled.importer()
	schema, findings := dsl.JSONSchema(dsl.Source{Files: s.files, Main: main}, imported)
	result := s.checked(main, findings, imported.texts)
	if err := diag.Render(c.errOut, result.Findings, result.read); err != nil {
		return err
	}
	if !result.Valid {
		return fmt.Errorf("the types cannot be used (%s); no schema was written", count(result.Findings))
	}
	if target == "" || target == "-" {
		_, err := c.out.Write(schema)
		return err
	}
	if err := os.WriteFile(target, schema, 0o644); err != nil {
		return fmt.Errorf("write schema: %w", err)
	}
	return c.say("Schema written to %s", target)
}
