package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/slipwayhq/slipway/orchestrator/diag"
)

func (c *cli) blueprints() *cobra.Command {
	command := group("blueprints", "Upload, check and list blueprints", "",
		c.blueprintsUpload(), c.blueprintsValidate(), c.blueprintsSchema(), c.blueprintsList(),
		c.blueprintsGet(), c.blueprintsInputs(), c.blueprintsDelete())
	command.Aliases = []string{"blueprint"}
	return command
}

// uploadFlags are what uploading and validating have in common.
type uploadFlags struct {
	id, mainFile, labels string
	visibility           string
	newVersion, async    bool
}

func (c *cli) blueprintsUpload() *cobra.Command {
	var given uploadFlags
	command := &cobra.Command{
		Use: "upload PATH", Short: "Upload a blueprint", Args: takes("PATH"),
		Long: `Upload a blueprint: PATH is its main YAML file (the folder around it comes
along), a folder, or an archive (zip, tar, tar.gz, tar.bz2). The server compiles
it; when something is wrong all findings are printed with the lines they are
about, and nothing is stored.

An id that exists is refused. With --new-version it gets one more version, which
new deployments use; existing ones keep theirs.`,
		Example: `  slipway blueprints upload shop/blueprint.yaml -b shop
  slipway blueprints upload shop/ -b shop --new-version
  slipway blueprints upload shop.zip -b shop -n main.yaml`,
		RunE: func(command *cobra.Command, args []string) error { return c.upload(command, args[0], given) },
	}
	flags := command.Flags()
	flags.StringVarP(&given.id, "blueprint-id", "b", "", "the blueprint's id")
	flags.StringVarP(&given.mainFile, "blueprint-filename", "n", "", "the main file in the folder or archive (default blueprint.yaml)")
	flags.StringVar(&given.labels, "labels", "", "labels as key:value,key:value")
	flags.BoolVar(&given.newVersion, "new-version", false, "add a version to a blueprint that exists")
	flags.StringVarP(&given.visibility, "visibility", "l", "tenant", "who sees it: everybody in the team, which is all that there is")
	flags.BoolVarP(&given.async, "async-upload", "a", false, "accepted for cfy's sake: an upload is done when the command is")
	return mustGive(command, "blueprint-id")
}

func (c *cli) upload(command *cobra.Command, path string, given uploadFlags) error {
	labels, err := parseLabels(given.labels)
	if err != nil {
		return err
	}
	source, err := open(path, given.mainFile)
	if err != nil {
		return err
	}
	asking, err := c.connect()
	if err != nil {
		return err
	}
	body, contentType, err := source.form(given.visibility, labels)
	if err != nil {
		return err
	}
	query := url.Values{}
	if given.newVersion {
		query.Set("new_version", "true")
	}
	var raw json.RawMessage
	err = asking.ask(command.Context(), request{
		method: http.MethodPut, path: in("blueprints", given.id), query: query, contentType: contentType, body: body,
	}, &raw)
	if refused, ok := errors.AsType[*serverError](err); ok && len(refused.findings) > 0 {
		return c.showInvalid(source, refused.findings)
	}
	if err != nil {
		return err
	}
	if c.output.json {
		return c.printObject(raw)
	}
	var uploaded struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(raw, &uploaded); err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	if uploaded.Version > 1 {
		return c.say("Blueprint uploaded. The blueprint's id is %s (version %d)", given.id, uploaded.Version)
	}
	return c.say("Blueprint uploaded. The blueprint's id is %s", given.id)
}

func (c *cli) showInvalid(source source, findings diag.Diagnostics) error {
	if err := diag.Render(c.errOut, findings, source.read); err != nil {
		return err
	}
	return fmt.Errorf("the blueprint is not valid (%s); nothing was stored", count(findings))
}

// count says "2 errors, 1 warning".
func count(findings diag.Diagnostics) string {
	errs, warnings := 0, 0
	for _, finding := range findings {
		if finding.Severity == diag.Error {
			errs++
		} else {
			warnings++
		}
	}
	switch {
	case errs == 0:
		return plural(warnings, "warning")
	case warnings == 0:
		return plural(errs, "error")
	default:
		return plural(errs, "error") + ", " + plural(warnings, "warning")
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return itoa(n) + " " + noun + "s"
}

func (c *cli) blueprintsList() *cobra.Command {
	var l listing
	return l.flags(&cobra.Command{
		Use: "list", Short: "List blueprints, the newest version of each", Args: takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			return c.list(command, "/blueprints", l.query(), "Blueprints",
				columns("id", "description", "main_file_name", "created_at", "updated_at", "visibility", "tenant_name", "created_by", "state", "labels"))
		},
	}, "created_at")
}

func (c *cli) blueprintsGet() *cobra.Command {
	return &cobra.Command{
		Use: "get ID", Short: "Show a blueprint", Args: takes("ID"),
		RunE: func(command *cobra.Command, args []string) error {
			return c.show(command, in("blueprints", args[0]),
				"id", "description", "main_file_name", "created_at", "updated_at", "visibility", "tenant_name", "created_by", "state", "labels")
		},
	}
}

// show asks for one thing and prints it.
func (c *cli) show(command *cobra.Command, path string, fields ...string) error {
	asking, err := c.connect()
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := asking.get(command.Context(), path, nil, &raw); err != nil {
		return err
	}
	var thing struct {
		Rehearsal bool `json:"rehearsal"`
	}
	if err := json.Unmarshal(raw, &thing); err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	c.noticeRehearsal(thing.Rehearsal)
	return c.printFields(raw, fields...)
}

func (c *cli) blueprintsInputs() *cobra.Command {
	return &cobra.Command{
		Use: "inputs ID", Short: "Show what a blueprint wants to know", Args: takes("ID"),
		RunE: func(command *cobra.Command, args []string) error {
			asking, err := c.connect()
			if err != nil {
				return err
			}
			var blueprint struct {
				Plan struct {
					Inputs map[string]json.RawMessage `json:"inputs"`
				} `json:"plan"`
			}
			if err := asking.get(command.Context(), in("blueprints", args[0]), nil, &blueprint); err != nil {
				return err
			}
			if c.output.json {
				return c.printObject(blueprint.Plan.Inputs)
			}
			var items []json.RawMessage
			names := sortedKeys(blueprint.Plan.Inputs)
			for _, name := range names {
				items = append(items, blueprint.Plan.Inputs[name])
			}
			rows, err := decodeRows(items)
			if err != nil {
				return err
			}
			for i, name := range names {
				rows[i]["name"] = name
			}
			return c.printTable("Inputs", columns("name", "type", "default", "required", "description"), rows)
		},
	}
}

func (c *cli) blueprintsDelete() *cobra.Command {
	var force bool
	command := &cobra.Command{
		Use: "delete ID", Short: "Delete a blueprint that no deployment uses, with all its versions", Args: takes("ID"),
		RunE: func(command *cobra.Command, args []string) error {
			return c.remove(command, in("blueprints", args[0]), url.Values{"force": {fmt.Sprint(force)}}, "Blueprint deleted")
		},
	}
	command.Flags().BoolVarP(&force, "force", "f", false, "accepted for cfy's sake: what is in use is never deleted")
	return command
}

// remove deletes one thing.
func (c *cli) remove(command *cobra.Command, path string, query url.Values, done string) error {
	asking, err := c.connect()
	if err != nil {
		return err
	}
	if err := asking.ask(command.Context(), request{method: http.MethodDelete, path: path, query: query}, nil); err != nil {
		return err
	}
	return c.say("%s", done)
}
