package kubernetes

import (
	"reflect"
	"slices"
	"strings"
)

// document is an object of the API as JSON has it.
type document = map[string]any

// field walks nested maps; nil when the path is not there.
func field(d document, path ...string) any {
	var value any = d
	for _, name := range path {
		inner, ok := value.(document)
		if !ok {
			return nil
		}
		value = inner[name]
	}
	return value
}

func text(d document, path ...string) string {
	s, _ := field(d, path...).(string)
	return s
}

func number(d document, path ...string) (float64, bool) {
	n, ok := field(d, path...).(float64)
	return n, ok
}

// part returns the map under name, made if it is not there.
func part(d document, name string) document {
	inner, ok := d[name].(document)
	if !ok {
		inner = document{}
		d[name] = inner
	}
	return inner
}

func clone(value any) any {
	switch value := value.(type) {
	case document:
		out := make(document, len(value))
		for key, item := range value {
			out[key] = clone(item)
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = clone(item)
		}
		return out
	default:
		return value
	}
}

func cloneDocument(d document) document { return clone(d).(document) }

// overlay lays over upon base, map by map; lists are replaced as a whole.
func overlay(base, over document) document {
	out := cloneDocument(base)
	for key, value := range over {
		inner, isMap := value.(document)
		below, wasMap := out[key].(document)
		if isMap && wasMap {
			out[key] = overlay(below, inner)
		} else {
			out[key] = clone(value)
		}
	}
	return out
}

// leaves returns the paths of everything that is not a map with something in it.
func leaves(d document) map[string]any {
	out := map[string]any{}
	collectLeaves(d, "", out)
	return out
}

func collectLeaves(d document, prefix string, out map[string]any) {
	for key, value := range d {
		path := prefix + "\x00" + key
		if inner, ok := value.(document); ok && len(inner) > 0 {
			collectLeaves(inner, path, out)
			continue
		}
		out[path] = value
	}
}

// readable prints a path of leaves as people write it: .spec.replicas.
func readable(path string) string { return strings.ReplaceAll(path, "\x00", ".") }

// removePath drops a leaf and the maps that it leaves empty.
func removePath(d document, path string) {
	segments := strings.Split(path, "\x00")[1:]
	removeSegments(d, segments)
}

func removeSegments(d document, segments []string) {
	if len(segments) == 1 {
		delete(d, segments[0])
		return
	}
	inner, ok := d[segments[0]].(document)
	if !ok {
		return
	}
	removeSegments(inner, segments[1:])
	if len(inner) == 0 {
		delete(d, segments[0])
	}
}

// serverFields of metadata are the server's; what a client sends for them does
// not change the object.
var serverFields = []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "deletionTimestamp"}

// sameWish reports whether two objects ask for the same: status and the server's
// own metadata apart.
func sameWish(a, b document) bool {
	return reflect.DeepEqual(wish(a), wish(b))
}

func wish(d document) document {
	out := cloneDocument(d)
	delete(out, "status")
	if metadata, ok := out["metadata"].(document); ok {
		for key := range metadata {
			if slices.Contains(serverFields, key) {
				delete(metadata, key)
			}
		}
	}
	return out
}
