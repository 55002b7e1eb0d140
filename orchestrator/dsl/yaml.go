package dsl

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Limits of one document; aliases count as often as they are written out.
const (
	maxDocumentBytes = 32 << 20
	maxDocumentNodes = 4_000_000
	maxAliasNodes    = 500_000 // what aliases may add to the nodes written
	maxDocumentDepth = 100
	// maxMarks bounds the marks of YAML that separate nodes, in all documents
	// of a blueprint together. The library needs some 250 bytes for a node that
	// two bytes of text make, so this is counted before it sees the text.
	// Fifty thousand node templates have about 2,400,000.
	maxMarks = 2_600_000
)

// marks counts what separates the nodes of a text; the text has at most about
// twice as many nodes.
func marks(text []byte) int {
	count := bytes.Count(text, []byte("- "))
	for _, mark := range []byte(",[{:?\n") {
		count += bytes.Count(text, []byte{mark})
	}
	return count
}

// yamlError is what is wrong with a text as YAML.
type yamlError struct {
	code    int
	at      orchestrator.Range
	message string
	hint    string
	warning bool
}

func (e *yamlError) Error() string { return e.at.String() + ": " + e.message }

// readYAML turns a text into a tree. It returns what is wrong with its scalars,
// or the one error that ends the reading. An empty document is an empty map.
func readYAML(file string, text []byte) (*node, []*yamlError) {
	whole := orchestrator.Range{File: file}
	if len(text) > maxDocumentBytes {
		return nil, []*yamlError{{at: whole, message: fmt.Sprintf("the file has more than %d MB", maxDocumentBytes>>20)}}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return newMap(orchestrator.Range{File: file, Start: orchestrator.Position{Line: 1, Column: 1}}, nil), nil
	} else if err != nil {
		return nil, []*yamlError{syntaxError(file, text, err)}
	}
	if err := decoder.Decode(&second); err == nil {
		at := orchestrator.Range{File: file, Start: orchestrator.Position{Line: second.Line, Column: second.Column}}
		return nil, []*yamlError{{at: at, message: "the file holds more than one YAML document; a blueprint is exactly one"}}
	} else if !errors.Is(err, io.EOF) {
		return nil, []*yamlError{syntaxError(file, text, err)}
	}
	r := &yamlReader{file: file, seen: map[*yaml.Node]*node{}, open: map[*yaml.Node]bool{}}
	if len(document.Content) == 0 {
		return newMap(whole, nil), nil
	}
	root := r.read(document.Content[0], 0)
	if r.fatal != nil {
		return nil, []*yamlError{r.fatal}
	}
	if root.kind == nullKind {
		root = newMap(root.at, nil)
	}
	return root, r.errors
}

type yamlReader struct {
	file   string
	seen   map[*yaml.Node]*node // what anchors stand for
	open   map[*yaml.Node]bool  // collections being read, to find circles
	errors []*yamlError
	fatal  *yamlError
	// written counts the nodes read, each alias as one.
	written int
}

func (r *yamlReader) at(y *yaml.Node) orchestrator.Range {
	start := orchestrator.Position{Line: y.Line, Column: y.Column}
	end := start
	if y.Kind == yaml.ScalarNode && !strings.Contains(y.Value, "\n") {
		end.Column += utf8.RuneCountInString(y.Value)
		if y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			end.Column += 2
		}
	}
	return orchestrator.Range{File: r.file, Start: start, End: end}
}

// note records something that does not end the reading.
func (r *yamlReader) note(e *yamlError) {
	if len(r.errors) < 2*maxFindings {
		r.errors = append(r.errors, e)
	}
}

// fail records the error that ends the reading; reading goes on returning
// nulls until the stack is unwound.
func (r *yamlReader) fail(y *yaml.Node, code int, format string, args ...any) *node {
	if r.fatal == nil {
		r.fatal = &yamlError{code: code, at: r.at(y), message: fmt.Sprintf(format, args...)}
	}
	return &node{at: r.at(y), size: 1}
}

func (r *yamlReader) read(y *yaml.Node, depth int) *node {
	if r.fatal != nil {
		return &node{size: 1}
	}
	if depth > maxDocumentDepth {
		return r.fail(y, codeStructure, "the document is nested more than %d levels deep", maxDocumentDepth)
	}
	if y.Kind == yaml.AliasNode {
		y = y.Alias
	}
	// Only what has an anchor is met again.
	if y.Anchor != "" {
		if n, ok := r.seen[y]; ok {
			return n
		}
		if r.open[y] {
			return r.fail(y, codeStructure, "the anchor %q contains itself", y.Anchor)
		}
		r.open[y] = true
		defer delete(r.open, y)
	}
	n := r.part(y, depth)
	r.written++
	if n.size > maxDocumentNodes || n.size > 2*r.written+maxAliasNodes {
		return r.fail(y, codeStructure, "the document has more than %d parts once its aliases are written out", n.size)
	}
	if n.depth > maxDocumentDepth {
		return r.fail(y, codeStructure, "the document is nested more than %d levels deep once its aliases are written out", maxDocumentDepth)
	}
	if y.Anchor != "" {
		r.seen[y] = n
	}
	return n
}

// part reads a scalar, list or map by its kind and tag.
func (r *yamlReader) part(y *yaml.Node, depth int) *node {
	switch y.Kind {
	case yaml.ScalarNode:
		return r.scalar(y)
	case yaml.SequenceNode:
		if tag := y.ShortTag(); tag != "!!seq" && tag != "!!omap" && tag != "!!pairs" {
			return r.fail(y, 0, "there is no YAML tag %s for a list", y.Tag)
		}
		items := make([]*node, len(y.Content))
		for i, item := range y.Content {
			items[i] = r.read(item, depth+1)
		}
		return newList(r.at(y), items)
	case yaml.MappingNode:
		switch y.ShortTag() {
		case "!!map":
			return r.mapping(y, depth)
		case "!!set":
			return keysOf(r.mapping(y, depth))
		}
		return r.fail(y, 0, "there is no YAML tag %s for a map", y.Tag)
	default:
		return r.fail(y, 0, "this part of the document cannot be read")
	}
}

// mapping reads a map. Of keys given twice the last one wins; keys merged in by
// "<<" come first and lose against the map's own.
func (r *yamlReader) mapping(y *yaml.Node, depth int) *node {
	m := mapBuilder{entries: make([]entry, 0, len(y.Content)/2)}
	for i := 0; i+1 < len(y.Content); i += 2 {
		if isMerge(y.Content[i]) {
			for _, e := range r.merged(y.Content[i+1], depth) {
				m.put(e)
			}
		}
	}
	m.inherited = len(m.entries)
	for i := 0; i+1 < len(y.Content); i += 2 {
		written := y.Content[i]
		if isMerge(written) {
			continue
		}
		key := r.key(written, depth+1)
		_, text := key.(string)
		e := entry{key: keyText(key), text: text, at: r.at(written), value: r.read(y.Content[i+1], depth+1)}
		if first, twice := m.put(e); twice {
			r.note(&yamlError{at: e.at, warning: true,
				message: fmt.Sprintf("the key %s is written twice, first in line %d; only this one counts", e.key, first.Start.Line)})
		}
	}
	return newMap(r.at(y), m.entries)
}

// key reads a key. A plain one, as almost all are, gets no node of its own.
func (r *yamlReader) key(y *yaml.Node, depth int) Value {
	if y.Kind == yaml.ScalarNode && y.Anchor == "" && r.fatal == nil {
		r.written++
		return r.scalarValue(y)
	}
	key := r.read(y, depth)
	if key.kind == listKind || key.kind == mapKind {
		r.fail(y, 0, "a key is %s; keys must be scalars", key.kind)
		if key.kind == mapKind && y.Style&yaml.FlowStyle != 0 && r.fatal.hint == "" {
			r.fatal.hint = "blueprints have no templates in {{ }}; write a call, such as {get_input: name}"
		}
	}
	return key.scalar
}

// mapBuilder collects the entries of a map; a later one replaces an earlier one
// of the same key, in its place.
type mapBuilder struct {
	entries []entry
	// inherited is how many of the first entries come from merge keys.
	inherited int
	place     map[string]int // by key, once there are many
}

// put adds an entry, and tells where the map itself had written its key before.
func (m *mapBuilder) put(e entry) (first orchestrator.Range, twice bool) {
	i := m.find(e.key)
	if i < 0 {
		if m.place != nil {
			m.place[e.key] = len(m.entries)
		}
		m.entries = append(m.entries, e)
		return first, false
	}
	first = m.entries[i].at
	m.entries[i] = e
	return first, i >= m.inherited
}

func (m *mapBuilder) find(key string) int {
	if len(m.entries) <= 8 {
		return slices.IndexFunc(m.entries, func(e entry) bool { return e.key == key })
	}
	if m.place == nil {
		m.place = make(map[string]int, cap(m.entries))
		for i, e := range m.entries {
			m.place[e.key] = i
		}
	}
	if i, ok := m.place[key]; ok {
		return i
	}
	return -1
}

// keysOf turns a set, which YAML writes as a map of nulls, into a list.
func keysOf(set *node) *node {
	items := make([]*node, len(set.entries))
	for i, e := range set.entries {
		items[i] = newString(e.at, e.key)
	}
	return newList(set.at, items)
}

func isMerge(y *yaml.Node) bool {
	return y.Kind == yaml.ScalarNode && y.Value == "<<" && (y.Style == 0 || y.ShortTag() == "!!merge")
}

// merged returns the entries that a merge key brings; of a list of maps the
// first one wins.
func (r *yamlReader) merged(y *yaml.Node, depth int) []entry {
	n := r.read(y, depth+1)
	switch n.kind {
	case mapKind:
		return n.entries
	case listKind:
		var entries []entry
		for i := len(n.items) - 1; i >= 0; i-- {
			if n.items[i].kind != mapKind {
				r.fail(y, 0, "a merge key takes maps, not %s", n.items[i].kind)
			}
			entries = append(entries, n.items[i].entries...)
		}
		return entries
	default:
		r.fail(y, 0, "a merge key takes a map or a list of maps, not %s", n.kind)
		return nil
	}
}

// keyText writes a key that is no string as text.
func keyText(key Value) string {
	switch v := key.(type) {
	case string:
		return v
	case nil:
		return "null"
	default:
		return fmt.Sprint(v)
	}
}

func (r *yamlReader) scalar(y *yaml.Node) *node {
	n := &node{scalar: r.scalarValue(y), at: r.at(y), size: 1}
	switch n.scalar.(type) {
	case bool:
		n.kind = boolKind
	case int64:
		n.kind = intKind
	case float64:
		n.kind = floatKind
	case string:
		n.kind = stringKind
	default:
		n.kind = nullKind
	}
	return n
}

// scalarValue reads the value of a scalar and notes what is wrong with it.
func (r *yamlReader) scalarValue(y *yaml.Node) Value {
	value, err := scalarValue(y)
	if err != nil {
		r.note(&yamlError{at: r.at(y), message: err.Error()})
		return y.Value
	}
	if text, ok := value.(string); ok {
		if bad := firstNonASCII(text); bad >= 0 {
			r.note(r.notASCII(y, text, bad))
		}
	}
	return value
}

// notASCII reports the first character of a text that is not ASCII, at its place
// where the text is written as it is read.
func (r *yamlReader) notASCII(y *yaml.Node, text string, bad int) *yamlError {
	character := []rune(text[bad:])[0]
	e := &yamlError{code: codeNotASCII, at: r.at(y), hint: "comments may hold it, values may not",
		message: fmt.Sprintf("the text has a character that is not ASCII (%q)", character)}
	if ascii := typographic[character]; ascii != "" {
		e.hint = "write " + ascii
	}
	if y.Style == 0 && !strings.Contains(y.Value, "\n") {
		e.at.Start.Column += bad // all before it is ASCII
	}
	return e
}

// typographic are the characters that word processors put in place of ASCII.
var typographic = map[rune]string{
	'\u201c': `"`, '\u201d': `"`, '\u201e': `"`, '\u2018': "'", '\u2019': "'", '\u2013': "-", '\u2014': "-", '\u2026': "...", '\u00a0': "a plain space",
}

func firstNonASCII(s string) int {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return i
		}
	}
	return -1
}

// scalarValue reads a scalar by its tag where it has one, as text where it is
// quoted, and by its look otherwise.
func scalarValue(y *yaml.Node) (Value, error) {
	const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	if y.Style&yaml.TaggedStyle == 0 {
		if y.Style&quoted != 0 {
			return y.Value, nil
		}
		return plainScalar(y.Value)
	}
	switch y.ShortTag() {
	case "!!str":
		return y.Value, nil
	case "!!null":
		return nil, nil
	case "!!bool":
		if b, ok := booleans[y.Value]; ok {
			return b, nil
		}
	case "!!int":
		if intPattern.MatchString(y.Value) {
			return yamlInt(y.Value)
		}
	case "!!float":
		if intPattern.MatchString(y.Value) || floatPattern.MatchString(y.Value) {
			return yamlFloat(y.Value)
		}
	case "!!timestamp":
		if datePattern.MatchString(y.Value) || timePattern.MatchString(y.Value) {
			return yamlTime(y.Value)
		}
	case "!!binary":
		data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(y.Value), ""))
		if err != nil {
			return nil, errors.New("the text is not base64")
		}
		return string(data), nil
	default:
		return nil, fmt.Errorf("there is no YAML tag %s for a scalar", y.Tag)
	}
	return nil, fmt.Errorf("%.40q does not fit its tag %s", y.Value, y.Tag)
}
