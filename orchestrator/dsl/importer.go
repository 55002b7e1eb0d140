package dsl

import (
	"errors"
	"io/fs"
)

// Source is a blueprint as it was uploaded.
type Source struct {
	// Files is the archive; Main the path of the main file in it.
	Files fs.FS
	Main  string
}

// Importer finds what a blueprint imports from outside its archive: "plugin:"
// and "blueprint:" locations, URLs, and paths that the archive does not have.
type Importer interface {
	// Import returns the document behind a location, which comes without a
	// namespace. version is the DSL version of the main blueprint, such as
	// "cloudify_dsl_1_3": a plugin may keep one file for each. An error says
	// in a sentence why the location cannot be read; it becomes a diagnostic.
	Import(location, version string) (*Document, error)
}

// Document is what an Importer found.
type Document struct {
	// Name is where it was found; diagnostics show it as the file.
	Name string
	Text []byte
	// Files and Path, when set, are the archive that the document comes from
	// and its path there: its relative imports and its scripts are looked up
	// in that archive.
	Files fs.FS
	Path  string
	// Record, when set, replaces the labels and tags that the text of a plugin
	// declares by those stored with the uploaded plugin.
	Record *PluginRecord
	// AnyVersion says that the document may use what is newer than the main
	// blueprint's DSL version: a program's own type files do, which serve
	// blueprints of all versions.
	AnyVersion bool
}

// PluginRecord is what is stored beside an uploaded plugin.
type PluginRecord struct {
	Labels          map[string][]Value
	BlueprintLabels map[string][]Value
	ResourceTags    map[string]Value
}

// NoImports is an Importer that finds nothing.
type NoImports struct{}

// Import returns an error.
func (NoImports) Import(string, string) (*Document, error) {
	return nil, errNoImporter
}

// Bundled is an Importer of the type files that a program carries: it answers
// the text behind a location and the file's name.
type Bundled func(location, version string) (text, name string, ok bool)

// Import returns the bundled file.
func (b Bundled) Import(location, version string) (*Document, error) {
	text, name, ok := b(location, version)
	if !ok {
		return nil, errors.New("it is not bundled")
	}
	return &Document{Name: name, Text: []byte(text), AnyVersion: true}, nil
}
