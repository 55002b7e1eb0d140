package kubernetes

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

// manifest is one object as a blueprint wants it.
type manifest struct {
	content map[string]orchestrator.Value // marks still on
	file    string                        // where it came from; empty for the blueprint itself
	// namespace is used when the manifest names none.
	namespace string
}

// String names the object: apps/v1/Deployment web/site.
func (m manifest) String() string {
	u := m.object()
	return u.GetAPIVersion() + "/" + u.GetKind() + " " + u.GetNamespace() + "/" + u.GetName()
}

// object is the manifest opened, for the far end.
func (m manifest) object() *unstructured.Unstructured {
	content := provider.Mapping(m.content)
	u := &unstructured.Unstructured{Object: content}
	if u.GetNamespace() == "" {
		u.SetNamespace(m.namespace)
	}
	return u
}

// shown is the manifest as runtime properties keep it: a Secret's data is marked.
func (m manifest) shown() orchestrator.Value {
	return markSecret(m.content, "data", "stringData")
}

// markSecret marks the keys of a Secret that hold its values.
func markSecret(content map[string]orchestrator.Value, keys ...string) orchestrator.Value {
	if provider.Text(content["kind"]) != "Secret" {
		return content
	}
	out := make(map[string]orchestrator.Value, len(content))
	for key, value := range content {
		out[key] = value
	}
	for _, key := range keys {
		if value, ok := out[key]; ok {
			out[key] = orchestrator.Mark(value)
		}
	}
	return out
}

// manifestsOf reads what the node is about. A delete goes by what was recorded,
// so that it works whatever became of the blueprint's files.
func manifestsOf(call *provider.Call, verb resource.Verb) ([]manifest, error) {
	if recorded, ok := call.Self.Runtime[definitionsKey].([]orchestrator.Value); ok && len(recorded) > 0 && verb == resource.Delete {
		return fromList(recorded, "", call)
	}
	if definition := property(call, "definition"); definition != nil {
		content, err := asMap(definition)
		if err != nil {
			return nil, orchestrator.Errorf(orchestrator.Invalid, "the definition of %s is not a manifest: %v", call.Self.NodeID, err)
		}
		return fromList([]orchestrator.Value{withDefaults(content, call.Self)}, "", call)
	}
	file, _ := property(call, "file").(map[string]orchestrator.Value)
	path := provider.Text(file["resource_path"])
	if path == "" {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "node %s has neither a definition nor a file with a resource_path", call.Self.NodeID)
	}
	return fromFile(call, path, file["template_variables"])
}

// property prefers the operation's input over the node's property.
func property(call *provider.Call, name string) orchestrator.Value {
	if v, ok := call.Inputs[name]; ok && v != nil {
		return v
	}
	return call.Self.Properties[name]
}

func fromList(list []orchestrator.Value, file string, call *provider.Call) ([]manifest, error) {
	namespace := "default"
	if options, ok := property(call, "options").(map[string]orchestrator.Value); ok {
		if given := provider.Text(options["namespace"]); given != "" {
			namespace = given
		}
	}
	var out []manifest
	for i, each := range list {
		content, err := asMap(each)
		if err != nil {
			return nil, orchestrator.Errorf(orchestrator.Invalid, "manifest %d of %s is not a map", i+1, call.Self.NodeID)
		}
		m := manifest{content: content, file: file, namespace: namespace}
		if u := m.object(); u.GetAPIVersion() == "" || u.GetKind() == "" || u.GetName() == "" {
			return nil, orchestrator.Errorf(orchestrator.Invalid, "manifest %d of %s needs apiVersion, kind and metadata.name", i+1, call.Self.NodeID)
		}
		if err := fitsType(m, call.Self); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func asMap(v orchestrator.Value) (map[string]orchestrator.Value, error) {
	if s, ok := v.(orchestrator.Sensitive); ok {
		inner, err := asMap(s.Open())
		if err != nil {
			return nil, err
		}
		out := make(map[string]orchestrator.Value, len(inner))
		for key, item := range inner {
			out[key] = orchestrator.Mark(item)
		}
		return out, nil
	}
	switch v := v.(type) {
	case map[string]orchestrator.Value:
		return v, nil
	case string:
		list, err := parseDocuments([]byte(v))
		if err != nil {
			return nil, err
		}
		if len(list) == 1 {
			return asMap(list[0])
		}
		return nil, fmt.Errorf("it holds %d documents instead of one", len(list))
	default:
		return nil, errors.New("it is neither a map nor text")
	}
}

func fromFile(call *provider.Call, path string, variables orchestrator.Value) ([]manifest, error) {
	text, err := fs.ReadFile(call.Files, path)
	if err != nil {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "the blueprint has no file %s, which node %s names", path, call.Self.NodeID).Wrap(err)
	}
	given, _ := variables.(map[string]orchestrator.Value)
	if text, err = fill(text, path, given); err != nil {
		return nil, err
	}
	list, err := parseDocuments(text)
	if err != nil {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "%s is not YAML: %v", path, err)
	}
	if len(list) == 0 {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "%s holds no manifest", path)
	}
	if orchestrator.IsSensitive(given) {
		for i := range list {
			list[i] = orchestrator.Mark(list[i])
		}
	}
	return fromList(list, path, call)
}

var placeholder = regexp.MustCompile(`\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}`)

// fill puts values in the place of {{ name }}; that is all of the template
// language that a manifest may use.
func fill(text []byte, path string, variables map[string]orchestrator.Value) ([]byte, error) {
	if variables == nil {
		return text, nil
	}
	if bytes.Contains(text, []byte("{%")) {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "%s uses template statements ({%% … %%}); only {{ name }} is supported", path)
	}
	var missing []string
	out := placeholder.ReplaceAllFunc(text, func(match []byte) []byte {
		name := string(placeholder.FindSubmatch(match)[1])
		value, ok := variables[name]
		if !ok {
			missing = append(missing, name)
		}
		return []byte(fmt.Sprint(orchestrator.Reveal(value)))
	})
	if len(missing) > 0 {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "%s needs template_variables %s", path, strings.Join(missing, ", "))
	}
	return out, nil
}

func parseDocuments(text []byte) ([]orchestrator.Value, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var out []orchestrator.Value
	for {
		var parsed map[string]any
		err := decoder.Decode(&parsed)
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		case parsed != nil:
			out = append(out, orchestrator.FromJSON(parsed))
		}
	}
}
