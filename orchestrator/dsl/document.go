package dsl

import (
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// Value is a value of the DSL.
type Value = orchestrator.Value

// kind is the kind of a node of the document tree.
type kind uint8

const (
	nullKind kind = iota
	boolKind
	intKind
	floatKind
	stringKind
	listKind
	mapKind
)

func (k kind) String() string {
	return [...]string{"null", "a boolean", "an integer", "a float", "a string", "a list", "a map"}[k]
}

// node is a part of a document, with its position. It is never changed once it
// is read: imports and namespaces make new nodes, aliases share one.
type node struct {
	kind    kind
	scalar  Value   // of a scalar
	items   []*node // of a list
	entries []entry // of a map, each key once, in the order written
	index   map[string]int
	at      orchestrator.Range
	size    int // nodes in the tree when aliases are written out
	depth   int
}

// entry is one key of a map with its value.
type entry struct {
	key   string
	text  bool // whether the key is written as a string
	at    orchestrator.Range
	value *node
}

// newMap returns a map node of the entries; the caller has made keys unique.
func newMap(at orchestrator.Range, entries []entry) *node {
	n := &node{kind: mapKind, at: at, entries: entries, size: 1}
	if len(entries) > 8 {
		n.index = make(map[string]int, len(entries))
		for i, e := range entries {
			n.index[e.key] = i
		}
	}
	for _, e := range entries {
		n.size += 1 + e.value.size
		n.depth = max(n.depth, e.value.depth+1)
	}
	return n
}

func newList(at orchestrator.Range, items []*node) *node {
	n := &node{kind: listKind, at: at, items: items, size: 1}
	for _, item := range items {
		n.size += item.size
		n.depth = max(n.depth, item.depth+1)
	}
	return n
}

func newString(at orchestrator.Range, s string) *node {
	return &node{kind: stringKind, at: at, scalar: s, size: 1}
}

// nodeOf turns a value into a tree that stands at one place.
func nodeOf(at orchestrator.Range, v Value) *node {
	n := &node{scalar: v, at: at, size: 1}
	switch v := v.(type) {
	case bool:
		n.kind = boolKind
	case int64:
		n.kind = intKind
	case float64:
		n.kind = floatKind
	case string:
		n.kind = stringKind
	case []Value:
		items := make([]*node, len(v))
		for i, item := range v {
			items[i] = nodeOf(at, item)
		}
		return newList(at, items)
	case map[string]Value:
		entries := make([]entry, 0, len(v))
		for _, key := range orchestrator.SortedKeys(v) {
			entries = append(entries, entry{key: key, text: true, at: at, value: nodeOf(at, v[key])})
		}
		return newMap(at, entries)
	}
	return n
}

// find returns the entry of a map; false for other kinds, too.
func (n *node) find(key string) (entry, bool) {
	if n == nil || n.kind != mapKind {
		return entry{}, false
	}
	if n.index != nil {
		i, ok := n.index[key]
		if !ok {
			return entry{}, false
		}
		return n.entries[i], true
	}
	for _, e := range n.entries {
		if e.key == key {
			return e, true
		}
	}
	return entry{}, false
}

// get returns the value under key, nil when it is absent or null.
func (n *node) get(key string) *node {
	e, ok := n.find(key)
	if !ok || e.value.kind == nullKind {
		return nil
	}
	return e.value
}

// each returns the entries of a map whose values are not null; nothing for
// other kinds.
func (n *node) each() []entry {
	if n == nil || n.kind != mapKind {
		return nil
	}
	for i, e := range n.entries {
		if e.value.kind == nullKind {
			kept := append([]entry(nil), n.entries[:i]...)
			for _, rest := range n.entries[i+1:] {
				if rest.value.kind != nullKind {
					kept = append(kept, rest)
				}
			}
			return kept
		}
	}
	return n.entries
}

// all returns the entries of a map, also those whose values are null; nothing
// for other kinds.
func (n *node) all() []entry {
	if n == nil || n.kind != mapKind {
		return nil
	}
	return n.entries
}

// list returns the items of a list; nothing for other kinds.
func (n *node) list() []*node {
	if n == nil || n.kind != listKind {
		return nil
	}
	return n.items
}

// text returns a string; the empty one for other kinds.
func (n *node) text() string {
	if n == nil || n.kind != stringKind {
		return ""
	}
	return n.scalar.(string)
}

// boolean returns a boolean, or otherwise for other kinds.
func (n *node) boolean(otherwise bool) bool {
	if n == nil || n.kind != boolKind {
		return otherwise
	}
	return n.scalar.(bool)
}

// isCall reports whether the tree has the form of a function call.
func (n *node) isCall() bool {
	if n == nil || n.kind != mapKind || len(n.entries) == 0 || len(n.entries) > 2 {
		return false
	}
	if _, typed := n.find("type"); len(n.entries) == 2 && !typed {
		return false
	}
	return slices.ContainsFunc(n.entries, func(e entry) bool { return eval.IsFunction(e.key) })
}

// value returns the tree as a Value; nil for nil.
func (n *node) value() Value {
	if n == nil {
		return nil
	}
	switch n.kind {
	case listKind:
		out := make([]Value, len(n.items))
		for i, item := range n.items {
			out[i] = item.value()
		}
		return out
	case mapKind:
		out := make(map[string]Value, len(n.entries))
		for _, e := range n.entries {
			out[e.key] = e.value.value()
		}
		return out
	default:
		return n.scalar
	}
}

// values returns a map as values by key; nil for other kinds.
func (n *node) values() map[string]Value {
	m, _ := n.value().(map[string]Value)
	return m
}

// place returns where n stands, or the fallback for nil.
func (n *node) place(fallback orchestrator.Range) orchestrator.Range {
	if n == nil {
		return fallback
	}
	return n.at
}

// locate follows keys and list indexes (2 or [2]) as far as they lead and
// returns the position of the last one that was there.
func (n *node) locate(fallback orchestrator.Range, path ...string) orchestrator.Range {
	at := fallback
	for _, key := range path {
		if e, ok := n.find(key); ok {
			at, n = e.at, e.value
			continue
		}
		i, err := strconv.Atoi(strings.Trim(key, "[]"))
		if err != nil || i < 0 || i >= len(n.list()) {
			return at
		}
		n = n.items[i]
		at = n.at
	}
	return at
}

// locateValue is like locate, but returns the position of what stands under the
// path where all of it is there.
func (n *node) locateValue(fallback orchestrator.Range, path ...string) orchestrator.Range {
	at := n
	for _, key := range path {
		if e, ok := at.find(key); ok {
			at = e.value
			continue
		}
		i, err := strconv.Atoi(strings.Trim(key, "[]"))
		if err != nil || i < 0 || i >= len(at.list()) {
			return n.locate(fallback, path...)
		}
		at = at.items[i]
	}
	return at.place(fallback)
}

func dotted(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func indexed(path string, i int) string { return dotted(path, strconv.Itoa(i)) }
