package dsl

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/diag"
)

// Limits on what one blueprint may import.
const (
	maxImports     = 500
	maxImportBytes = 64 << 20
)

const (
	namespaceMark   = "--"
	blueprintScheme = "blueprint:"
	pluginScheme    = "plugin:"
	rootType        = "cloudify.nodes.Root"
)

var (
	errNoImporter = errors.New("nothing outside of the archive can be imported here")

	// importScheme starts a location that is never a file of the archive.
	importScheme = regexp.MustCompile(`^(?:https?|file|ftp|plugin|blueprint):`)
)

// imported is one document of a blueprint: the main file or an import.
type imported struct {
	name      string // shown in diagnostics; unique for an (archive, path)
	location  string // as imported, without namespace; empty for the main file
	namespace string // accumulated: "a--b"
	root      *node
	// files and path say where relative imports are looked up; files is nil
	// for a document from a URL, whose relative imports are URLs, too.
	files fs.FS
	path  string
	// archive is put before the names of files of an archive that is not the
	// main one.
	archive string
	chain   []string // names of the documents that led here, the main file first
	at      orchestrator.Range
}

// loadAll reads the main file and, breadth first, everything it imports. Each
// pair of location and namespace is taken once, so circles are harmless.
func (c *compiler) loadAll(source Source) []*imported {
	main := c.loadMain(source)
	if main == nil {
		return nil
	}
	documents := []*imported{main}
	taken := map[string]bool{}
	bytes := 0
	for next := 0; next < len(documents); next++ {
		importer := documents[next]
		for _, statement := range c.importStatements(importer) {
			document, size := c.loadImport(importer, statement, taken)
			if document == nil {
				continue
			}
			if bytes += size; len(documents) >= maxImports || bytes > maxImportBytes {
				c.fail(codeImportUnreadable, statement.at, statement.path, "the blueprint imports more than %d files or %d MB", maxImports, maxImportBytes>>20)
				return documents
			}
			documents = append(documents, document)
		}
	}
	return documents
}

func (c *compiler) loadMain(source Source) *imported {
	text, err := fs.ReadFile(source.Files, c.mainName)
	if err != nil {
		d := c.fail(codeMainFile, orchestrator.Range{File: source.Main}, "", "the main file %s cannot be read: %v", source.Main, plainFSError(err))
		d.Hint = diag.DidYouMean(source.Main, yamlFiles(source.Files))
		return nil
	}
	main := &imported{name: c.mainName, files: source.Files, path: c.mainName}
	if main.root = c.read(main.name, text, nil); main.root == nil || !c.readVersion(main.root) {
		return nil
	}
	return main
}

// readVersion reads the version of the main file; false when it has none that
// blueprints may have.
func (c *compiler) readVersion(root *node) bool {
	const key = "tosca_definitions_version"
	written, ok := root.find(key)
	if !ok || written.value.kind == nullKind {
		d := c.fail(codeNoVersion, root.at, key, "the main file does not say in which version of the DSL it is written")
		d.Hint = "start it with " + key + ": " + v1_3.String()
		return false
	}
	if written.value.kind != stringKind {
		d := c.fail(codeStructure, written.value.at, key, "the version is a string, not %s", written.value.kind)
		d.Hint = "write it in full, as in " + key + ": " + v1_3.String()
		return false
	}
	if c.version, ok = knownVersion(written.value.text()); !ok {
		d := c.fail(codeUnknownVersion, written.value.at, key, "%q is not a version of the DSL; known are %s to %s", written.value.text(), v1_0, v1_5)
		d.Hint = fmt.Sprintf("the newest is %s", v1_5)
		return false
	}
	return true
}

// yamlFiles lists the files at the top of an archive that may be blueprints.
func yamlFiles(files fs.FS) []string {
	var names []string
	for _, pattern := range []string{"*.yaml", "*.yml", "*/*.yaml"} {
		found, _ := fs.Glob(files, pattern) // only the pattern can be wrong
		names = append(names, found...)
	}
	return names
}

// plainFSError leaves out the path that fs errors repeat.
func plainFSError(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// read reads one document and reports what is wrong with it as YAML; nil when
// it is not even a map.
func (c *compiler) read(name string, text []byte, chain []string) *node {
	c.chains[name] = chain
	if c.marks += marks(text); c.marks > maxMarks {
		c.fail(codeStructure, orchestrator.Range{File: name}, "", "the blueprint has more than about %d parts in all its files", maxMarks)
		return nil
	}
	root, errs := readYAML(name, text)
	for _, e := range errs {
		if e.warning {
			c.warn(e.at, "", "%s", e.message).Hint = e.hint
		} else {
			c.fail(e.code, e.at, "", "%s", e.message).Hint = e.hint
		}
	}
	if root == nil {
		return nil
	}
	if root.kind != mapKind {
		c.fail(codeStructure, root.at, "", "a blueprint is a map of sections, not %s", root.kind)
		return nil
	}
	return root
}

// statement is one entry of an imports section.
type statement struct {
	text       string // as written: "ns--location"
	namespace  string
	location   string
	properties *node // of an import with properties
	at         orchestrator.Range
	path       string // imports.2
}

func (c *compiler) importStatements(document *imported) []statement {
	section, ok := document.root.find("imports")
	if !ok {
		return nil
	}
	if section.value.kind != listKind {
		c.incomplete = section.value.kind != nullKind
		d := c.fail(codeStructure, section.value.at, "imports", "imports is a list of locations, not %s", section.value.kind)
		d.Hint = "leave it out, or begin each location with a dash and a space"
		return nil
	}
	var statements []statement
	seen := map[string]bool{}
	for i, item := range section.value.items {
		s, ok := c.importStatement(item, indexed("imports", i))
		if !ok {
			c.incomplete = c.incomplete || item.kind == mapKind || item.kind == stringKind
			continue
		}
		if seen[s.text] {
			c.fail(codeImportTwice, s.at, indexed("imports", i), "%s is imported twice by the same file", s.text)
			continue
		}
		seen[s.text] = true
		statements = append(statements, s)
	}
	return statements
}

func (c *compiler) importStatement(item *node, where string) (statement, bool) {
	s := statement{at: item.at, text: item.text(), path: where}
	switch item.kind {
	case stringKind:
	case mapKind:
		if c.tooNew(v1_5, item.at) {
			c.failTooNew(v1_5, item.at, where, "an import with properties")
		}
		if len(item.entries) != 1 {
			c.fail(codeImportForm, item.at, where, "an import with properties is one location with a map of properties")
			return s, false
		}
		s.text, s.properties = item.entries[0].key, item.entries[0].value
		if scheme := s.text + ":"; scheme == pluginScheme || scheme == blueprintScheme {
			c.fail(codeStructure, item.at, where, "an import is a location, not a map").Hint = "write it without the space: " + scheme + s.properties.text()
			return s, false
		}
		if s.properties.kind != mapKind {
			c.fail(codeStructure, s.properties.at, where, "the properties of an import are a map, not %s", s.properties.kind)
			s.properties = nil
		} else if !c.importProperties(s, where) {
			s.properties = nil // the import itself is fine
		}
	default:
		c.fail(codeStructure, item.at, where, "an import is a location, not %s", item.kind)
		return s, false
	}
	s.location = s.text
	if i := strings.LastIndex(s.text, namespaceMark); i >= 0 {
		s.namespace, s.location = s.text[:i], s.text[i+len(namespaceMark):]
		if strings.Contains(s.namespace, namespaceMark) {
			c.fail(codeNamespaceForm, s.at, where, "the namespace %q contains %q, which separates namespaces", s.namespace, namespaceMark)
			return s, false
		}
	}
	return s, true
}

// importProperties checks the form of the values given with an import.
func (c *compiler) importProperties(s statement, where string) bool {
	fine := true
	for _, e := range s.properties.entries {
		if e.value.kind == mapKind && !e.value.isCall() {
			c.fail(codeImportForm, e.at, where, "property %s of the import is a map; it may be a scalar, a list or a function", e.key)
			fine = false
		}
	}
	return fine
}

// loadImport finds one import; nil when it is taken already or cannot be had.
func (c *compiler) loadImport(importer *imported, s statement, taken map[string]bool) (*imported, int) {
	document := &imported{location: s.location, namespace: within(importer.namespace, s.namespace), at: s.at,
		chain: append(slices.Clone(importer.chain), importer.name)}
	if strings.HasPrefix(s.location, blueprintScheme) && !c.takeBlueprint(s, document.namespace) {
		c.incomplete = true
		return nil, 0
	}
	text, record, err := c.find(importer, document)
	if err != nil {
		c.incomplete = true
		d := c.fail(codeImportUnreadable, s.at, s.path, "the import %s cannot be read: %v", s.location, err)
		if !importScheme.MatchString(s.location) {
			d.Hint = diag.DidYouMean(s.location, yamlFiles(importer.orMain(c)))
			if slices.Contains(slices.Collect(maps.Values(pluginPackages)), s.location) {
				d.Hint = didYouMean(pluginScheme + s.location)
			}
		} else if name, ok := strings.CutPrefix(s.location, pluginScheme); ok {
			suggest(d, name, maps.Values(pluginPackages))
		}
		return nil, 0
	}
	root, ok := c.texts[document.name]
	if !ok {
		root = c.read(document.name, text, document.chain)
		c.texts[document.name] = root
	}
	if root == nil {
		c.incomplete = true
		return nil, 0
	}
	if !c.settleNamespace(document, s, root) {
		return nil, 0
	}
	key := document.name + "\x00" + document.namespace
	if taken[key] || document.name == c.mainName && document.namespace == "" {
		return nil, 0
	}
	taken[key] = true
	c.checkImportVersion(root, s)
	document.root = c.withRecord(root, record)
	if s.properties != nil {
		document.root = c.withPluginProperties(document.root, s)
	}
	return document, len(text)
}

// within returns the namespace of an import inside that of its importer.
func within(outer, inner string) string {
	if outer == "" || inner == "" {
		return outer + inner
	}
	return outer + namespaceMark + inner
}

// settleNamespace keeps the built-in types out of namespaces: an import
// statement may not ask for one, and that of the importing file does not reach
// them.
func (c *compiler) settleNamespace(document *imported, s statement, root *node) bool {
	if _, builtin := root.get("node_types").find(rootType); !builtin {
		return true
	}
	if s.namespace != "" {
		c.fail(codeNamespaceUse, s.at, s.path, "the built-in types (%s) cannot be put into the namespace %q", s.location, s.namespace)
		return false
	}
	document.namespace = ""
	return true
}

// orMain returns the archive in which a document's relative imports are looked
// up.
func (d *imported) orMain(c *compiler) fs.FS {
	if d.files != nil {
		return d.files
	}
	return c.files
}

// takeBlueprint checks the namespace of a blueprint import and notes it.
func (c *compiler) takeBlueprint(s statement, namespace string) bool {
	id := strings.TrimPrefix(s.location, blueprintScheme)
	if s.namespace == "" {
		c.fail(codeNoNamespace, s.at, s.path, "the blueprint %s must be imported into a namespace, as in other--%s", id, s.location)
		return false
	}
	if other, taken := c.namespaces[namespace]; taken && other != id {
		c.fail(codeNamespaceUse, s.at, s.path, "the namespace %q already holds the blueprint %s", namespace, other)
		return false
	}
	c.namespaces[namespace] = id
	if !slices.Contains(c.blueprints, id) {
		c.blueprints = append(c.blueprints, id)
	}
	return true
}

// checkImportVersion refuses an import that is newer than the main file.
func (c *compiler) checkImportVersion(root *node, s statement) {
	declared, ok := root.find("tosca_definitions_version")
	if !ok || !c.validateVersion || declared.value.kind == nullKind {
		return
	}
	v, known := knownVersion(declared.value.text())
	switch {
	case !known:
		d := c.fail(codeUnknownVersion, declared.at, "tosca_definitions_version", "%s is not a version of the DSL", describe(declared.value.value()))
		d.Hint = diag.DidYouMean(declared.value.text(), knownVersions())
	case c.tooNew(v, declared.at):
		d := c.fail(codeNewerImport, declared.value.at, "tosca_definitions_version", "the import %s is written in %s, which is newer than the main blueprint's %s", s.location, v, c.version)
		d.Hint = "raise tosca_definitions_version in " + c.mainName + " to " + v.String()
	}
}
