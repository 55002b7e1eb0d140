package archive

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

// namespaceMark ends a namespace: "ns--scripts/x.sh".
const namespaceMark = "--"

// Folder is an archive and where in it the main file is.
type Folder struct {
	Files fs.FS
	Main  string // "." or a path
}

// Resources is what the scripts of a blueprint may read: its own archive, and
// those of the blueprints that it imports. Like them it is read-only.
//
// A path is relative to the folder of the main file, else to the archive. A
// namespace before it, which the imported file's operations carry, leads to the
// archive of the blueprint imported under it; one of a plain import is dropped.
type Resources struct {
	Own      Folder
	Imported map[string]Folder // by namespace
}

// Open opens a file or a folder.
func (r Resources) Open(name string) (fs.File, error) {
	file, err := r.Own.open(name)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(name, namespaceMark) {
		return file, err
	}
	from, rest := r.split(name)
	file, err = from.open(rest)
	if refused, ok := errors.AsType[*fs.PathError](err); ok {
		refused.Path = name
	}
	return file, err
}

// split takes the namespaces off and says whose file is meant: the longest that
// stands for an imported blueprint decides.
func (r Resources) split(name string) (from Folder, rest string) {
	from = r.Own
	for end := 0; ; {
		next := strings.Index(name[end:], namespaceMark)
		if next < 0 {
			return from, name[end:]
		}
		if imported, ok := r.Imported[name[:end+next]]; ok {
			from = imported
		}
		end += next + len(namespaceMark)
	}
}

func (f Folder) open(name string) (fs.File, error) {
	if f.Main != "" && f.Main != "." && fs.ValidPath(name) {
		file, err := f.Files.Open(path.Join(f.Main, name))
		if !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
	}
	return f.Files.Open(name)
}

// For returns the resources as the operations of a node see them: what a node
// that came with an import names is looked for where the node came from first.
func (r Resources) For(node string) fs.FS {
	end := strings.LastIndex(node, namespaceMark)
	if end < 0 {
		return r
	}
	return within{r, node[:end+len(namespaceMark)]}
}

type within struct {
	all       Resources
	namespace string // with its mark
}

func (w within) Open(name string) (fs.File, error) {
	file, err := w.all.Open(w.namespace + name)
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	return w.all.Open(name)
}
