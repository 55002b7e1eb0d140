package kubernetes

import (
	"reflect"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

type document = rehearsal.Document

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

// overlay lays over upon base, map by map; lists are replaced as a whole.
func overlay(base, over document) document {
	out := rehearsal.CloneDocument(base)
	for key, value := range over {
		inner, isMap := value.(document)
		below, wasMap := out[key].(document)
		if isMap && wasMap {
			out[key] = overlay(below, inner)
		} else {
			out[key] = orchestrator.CloneValue(value)
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
	out := rehearsal.CloneDocument(d)
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
