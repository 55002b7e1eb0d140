package cli

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/slipwayhq/slipway/orchestrator/archive"
	"github.com/slipwayhq/slipway/orchestrator/diag"
)

// validation is what the flags of a validation say.
type validation struct {
	mainFile string
	server   bool
	form     formFlag
}

func (c *cli) blueprintsValidate() *cobra.Command {
	var given validation
	command := &cobra.Command{
		Use: "validate PATH…", Short: "Check blueprints without storing them", Args: takesSome("PATH"),
		Long: `Check blueprints as an upload would, on this machine: no server is needed. PATH
is a main YAML file, a folder, or an archive (zip, tar, tar.gz, tar.bz2); of a
folder that is no blueprint itself, every blueprint.yaml below it is checked.

All findings are printed with the lines they are about. The exit code is 1 when
one of them is an error; warnings are only shown.

What a blueprint imports from other blueprints ("blueprint:…") or from addresses
that are not bundled only a server knows: --server asks the one that SLIPWAY_URL
or the profile names to do the check.`,
		Example: `  slipway blueprints validate shop/blueprint.yaml
  slipway blueprints validate blueprints/ -o sarif > findings.sarif
  slipway blueprints validate shop.zip --server`,
		RunE: func(command *cobra.Command, args []string) error { return c.validate(command.Context(), args, given) },
	}
	flags := command.Flags()
	flags.StringVarP(&given.mainFile, "blueprint-filename", "n", "", "the main file in the folder or archive (default blueprint.yaml)")
	flags.BoolVar(&given.server, "server", false, "let the server check: it has blueprints to import, and may fetch")
	flags.VarP(&given.form, "output", "o", "json, or sarif for code hosts and editors")
	return command
}

func (c *cli) validate(ctx context.Context, paths []string, given validation) error {
	check := func(s source) (checked, error) { return c.bundled.checkHere(s) }
	if given.server {
		asking, err := c.connect()
		if err != nil {
			return err
		}
		check = func(s source) (checked, error) { return asking.checkThere(ctx, s) }
	}
	found, err := blueprintsAt(paths, given.mainFile)
	if err != nil {
		return err
	}
	results := make([]checked, len(found))
	for i, path := range found {
		source, err := open(path, given.mainFile)
		if err != nil {
			return err
		}
		if results[i], err = check(source); err != nil {
			return err
		}
	}
	if err := c.printChecked(results, found, given.form.or(c.output.json)); err != nil {
		return err
	}
	return verdict(results)
}

// blueprintsAt lists the blueprints that paths lead to: a folder that is none
// itself leads to those below it.
func blueprintsAt(paths []string, mainFile string) ([]string, error) {
	var found []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() || mainFile != "" || isFile(filepath.Join(path, defaultMain)) {
			found = append(found, path)
			continue
		}
		below, err := blueprintsBelow(path)
		if err != nil {
			return nil, err
		}
		if len(below) == 0 {
			below = []string{path} // its only YAML file may be a main file
		}
		found = append(found, below...)
	}
	return found, nil
}

// defaultMain is the main file of a blueprint that names no other.
const defaultMain = "blueprint.yaml"

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// blueprintsBelow finds folders with a blueprint; what is below one belongs to
// it.
func blueprintsBelow(dir string) ([]string, error) {
	most := archive.DefaultLimits().Files
	seen := 0
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("look for blueprints: %w", err)
		}
		if seen++; seen > most {
			return fmt.Errorf("the folder %s holds over %d files; give one that holds blueprints and little else", dir, most)
		}
		if !entry.IsDir() {
			return nil
		}
		if entry.Name() == ".git" {
			return fs.SkipDir
		}
		if isFile(filepath.Join(path, defaultMain)) {
			found = append(found, path)
			return fs.SkipDir
		}
		return nil
	})
	return found, err
}

func (c *cli) printChecked(results []checked, paths []string, form string) error {
	switch form {
	case "sarif":
		var all diag.Diagnostics
		for _, result := range results {
			all = append(all, result.Findings...)
		}
		return diag.SARIF(c.out, all, c.version)
	case "json":
		if len(results) == 1 {
			return c.printObject(results[0])
		}
		for i := range results {
			results[i].Path = paths[i]
		}
		return c.printObject(results)
	}
	for _, result := range results {
		if err := diag.Render(c.out, result.Findings, result.read); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(results, func(r checked) bool { return !r.Valid }) {
		return nil // verdict says it
	}
	_, err := fmt.Fprintln(c.out, validSentence(results))
	return err
}

func validSentence(results []checked) string {
	sentence := "The blueprint is valid"
	if len(results) > 1 {
		sentence = itoa(len(results)) + " blueprints are valid"
	}
	if warnings := allFindings(results); len(warnings) > 0 {
		sentence += " (" + count(warnings) + ")"
	}
	return sentence
}

// verdict is an error when a blueprint cannot be used.
func verdict(results []checked) error {
	broken := 0
	for _, result := range results {
		if !result.Valid {
			broken++
		}
	}
	switch {
	case broken == 0:
		return nil
	case len(results) == 1:
		return fmt.Errorf("the blueprint is not valid (%s)", count(allFindings(results)))
	default:
		return fmt.Errorf("%d of %d blueprints are not valid (%s)", broken, len(results), count(allFindings(results)))
	}
}

func allFindings(results []checked) diag.Diagnostics {
	var all diag.Diagnostics
	for _, result := range results {
		all = append(all, result.Findings...)
	}
	return all
}

// formFlag is -o where findings are printed.
type formFlag string

func (*formFlag) Type() string     { return "form" }
func (f *formFlag) String() string { return "" }

// Set implements pflag.Value.
func (f *formFlag) Set(text string) error {
	switch text {
	case "json", "sarif", "plain":
		*f = formFlag(text)
		return nil
	}
	return fmt.Errorf("%q is not an output; it is json, sarif or plain", text)
}

// or is the form that was asked for; --json stands wherever -o does not.
func (f formFlag) or(json bool) string {
	switch {
	case f != "":
		return string(f)
	case json:
		return "json"
	default:
		return "plain"
	}
}
