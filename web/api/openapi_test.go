package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
)

// TestOpenAPI holds the description to the routes: each path and query key that
// it names is there, and the objects have the fields that it names.
func TestOpenAPI(t *testing.T) {
	var described struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
		}
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	newSite(t).ask(orchestrator.Viewer, http.MethodGet, "/api/openapi.json", "").want(http.StatusOK).read(&described)
	for path, methods := range described.Paths {
		for method, operation := range methods {
			at := slices.IndexFunc(routes(), func(r route) bool {
				return strings.EqualFold(r.method, method) && strings.ReplaceAll(r.path, ":id", "{id}") == path
			})
			if at < 0 {
				t.Errorf("%s %s is described and not there", method, path)
				continue
			}
			for _, parameter := range operation.Parameters {
				if parameter.In == "query" && !slices.Contains(routes()[at].query, parameter.Name) {
					t.Errorf("%s %s: the key %s is described and not known", method, path, parameter.Name)
				}
			}
		}
	}
	objects := map[string]any{"Resource": resourceObject{}, "Call": callObject{}, "Findings": findingsObject{}}
	for name, object := range objects {
		data, err := json.Marshal(object)
		must(t, err)
		var fields map[string]any
		must(t, json.Unmarshal(data, &fields))
		want, got := orchestrator.SortedKeys(described.Components.Schemas[name].Properties), orchestrator.SortedKeys(fields)
		if !slices.Equal(want, got) {
			t.Errorf("%s has the fields %v, described are %v", name, got, want)
		}
	}
}
