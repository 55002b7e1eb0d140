package archive

import (
	"io/fs"
	"net/url"

	"github.com/slipwayhq/slipway/orchestrator"
)

// MainFile returns the main file of a blueprint: the one named, which clients
// may have escaped as in a URL, else blueprint.yaml, else the only YAML file at
// the top.
func MainFile(files fs.FS, named string) (string, error) {
	if decoded, err := url.PathUnescape(named); err == nil {
		named = decoded
	}
	if named != "" {
		if info, err := fs.Stat(files, named); err != nil || info.IsDir() {
			return "", orchestrator.Errorf(orchestrator.Invalid, "there is no file %q in the blueprint; name the main file with -n", named).On("application_file_name")
		}
		return named, nil
	}
	if _, err := fs.Stat(files, "blueprint.yaml"); err == nil {
		return "blueprint.yaml", nil
	}
	found, err := fs.Glob(files, "*.y*ml")
	if err != nil || len(found) != 1 {
		return "", orchestrator.Errorf(orchestrator.Invalid, "there is no blueprint.yaml at the top of the blueprint; name the main file with -n").On("application_file_name")
	}
	return found[0], nil
}
