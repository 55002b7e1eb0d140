package dsl

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

// find reads the text of an import: a file of the archive where there is one,
// else what the Importer has. It fills in the document's name and place.
func (c *compiler) find(importer, document *imported) ([]byte, *PluginRecord, error) {
	location := document.location
	if !importScheme.MatchString(location) {
		if importer.files == nil { // a document from a URL
			if base := urlBase(importer.name); base != "" {
				if text, record, err := c.ask(document, base+location); err == nil {
					return text, record, nil
				}
			}
		}
		text, err := c.findFile(importer, document)
		if err == nil {
			return text, nil, nil
		}
		// cloudify/types/types.yaml is a path, and no file of any archive.
		if text, record, askErr := c.ask(document, location); askErr == nil {
			return text, record, nil
		}
		return nil, nil, err
	}
	return c.ask(document, location)
}

// urlBase returns a URL up to its last slash; empty for what is no URL.
func urlBase(name string) string {
	if i := strings.LastIndex(name, "/"); i >= 0 && strings.Contains(name[:i], "://") {
		return name[:i+1]
	}
	return ""
}

func (c *compiler) ask(document *imported, location string) ([]byte, *PluginRecord, error) {
	found, err := c.importer.Import(location, c.version.String())
	if err != nil {
		return nil, nil, err
	}
	document.name, document.files, document.path = found.Name, found.Files, found.Path
	if document.name == "" {
		document.name = location
	}
	document.archive = document.name + "/"
	if found.AnyVersion {
		c.anyVersions[document.name] = true
	}
	return found.Text, found.Record, nil
}

// findFile looks a relative location up: from the root of the archive, beside
// the importing file, beside the main file. A file for the main blueprint's DSL
// version is preferred at the archive's root and beside the main file.
func (c *compiler) findFile(importer, document *imported) ([]byte, error) {
	type candidate struct {
		files   fs.FS
		path    string
		archive string
	}
	var candidates []candidate
	add := func(files fs.FS, archive, dir string, versioned bool) {
		name := path.Join(dir, document.location)
		if files == nil || !fs.ValidPath(name) {
			return
		}
		if versioned {
			extension := path.Ext(name)
			candidates = append(candidates, candidate{files, strings.TrimSuffix(name, extension) + c.version.suffix() + extension, archive})
		}
		candidates = append(candidates, candidate{files, name, archive})
	}
	add(importer.files, importer.archive, ".", true)
	add(importer.files, importer.archive, path.Dir(importer.path), false)
	add(c.files, "", path.Dir(c.mainName), true)
	if c.resourcesBase != "" {
		add(c.files, "", c.resourcesBase, true)
	}
	if len(candidates) == 0 {
		return nil, errors.New("it leads out of the archive")
	}
	for _, candidate := range candidates {
		text, err := fs.ReadFile(candidate.files, candidate.path)
		if err != nil {
			continue
		}
		document.files, document.path, document.archive = candidate.files, candidate.path, candidate.archive
		document.name = candidate.archive + candidate.path
		return text, nil
	}
	return nil, errors.New("there is no such file in the archive")
}
