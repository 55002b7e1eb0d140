package azure

import (
	"encoding/json"
	"io/fs"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// templateKind is the row of ARM deployments. The deployment's own record is
// tagged, and so is what its template makes.
var templateKind = kind{name: "Deployment", arm: "Microsoft.Resources/deployments", version: resourcesVersion, tagged: true, makes: "create"}

func isTemplate(self *provider.Instance) bool { return isKind(self, templateKind.name) }

// setting reads a setting of the node, which old blueprints put in
// resource_config.
func setting(call *provider.Call, name string) orchestrator.Value {
	for _, layer := range []document{call.Inputs, call.Self.Properties, provider.Mapping(call.Self.Properties["resource_config"])} {
		if value := layer[name]; !isEmpty(value) {
			return value
		}
	}
	return nil
}

// templateOf reads the template, from the node or from a file of the blueprint.
func templateOf(call *provider.Call) (document, error) {
	given := orchestrator.Reveal(setting(call, "template"))
	if given == nil {
		path := provider.Text(setting(call, "template_file"))
		switch {
		case path == "":
			return nil, orchestrator.Errorf(orchestrator.Invalid, "node %s has neither template nor template_file", call.Self.NodeID)
		case strings.Contains(path, "://"):
			return nil, orchestrator.Errorf(orchestrator.Invalid, "node %s names its template by URL; put the file into the blueprint", call.Self.NodeID)
		}
		content, err := fs.ReadFile(call.Files, path)
		if err != nil {
			return nil, orchestrator.Errorf(orchestrator.Invalid, "the blueprint has no file %s, which node %s names", path, call.Self.NodeID).Wrap(err)
		}
		given = string(content)
	}
	if written, ok := given.(string); ok {
		parsed, err := orchestrator.DecodeValue([]byte(written))
		if err != nil {
			return nil, orchestrator.Errorf(orchestrator.Invalid, "the ARM template of node %s is not JSON: %v", call.Self.NodeID, err)
		}
		given = parsed
	}
	template, ok := given.(document)
	if !ok {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "the ARM template of node %s is not a JSON object", call.Self.NodeID)
	}
	return template, nil
}

// deploymentBody is what to PUT for a template: it may change what it names and
// leaves the rest of the group alone.
func deploymentBody(call *provider.Call, template document) document {
	parameters := document{}
	for name, value := range provider.Mapping(setting(call, "params")) {
		parameters[name] = document{"value": value}
	}
	return document{
		"tags": tagsOf(call, nil),
		"properties": document{
			"mode": "Incremental", "template": tagResources(template, call.OwnershipTags()), "parameters": parameters,
		},
	}
}

// tagResources adds ownership to the template's resources. What has a location
// is tracked by ARM and takes tags; children have neither.
func tagResources(template document, ownership map[string]string) document {
	out, _ := orchestrator.CloneValue(template).(document)
	resources, _ := out["resources"].([]orchestrator.Value)
	for _, each := range resources {
		made, ok := each.(document)
		if !ok || made["location"] == nil {
			continue
		}
		if expression, ok := made["tags"].(string); ok && strings.HasPrefix(expression, "[") {
			made["tags"] = unite(expression, ownership)
			continue
		}
		tags, _ := made["tags"].(document)
		if tags == nil {
			tags = document{}
			made["tags"] = tags
		}
		for key, value := range ownership {
			tags[key] = value
		}
	}
	return out
}

// unite lets ARM add ownership to the tags that an expression yields.
func unite(expression string, ownership map[string]string) string {
	var pairs []string
	for _, key := range orchestrator.SortedKeys(ownership) {
		pairs = append(pairs, literal(key), literal(ownership[key]))
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(expression, "["), "]")
	return "[union(" + inner + ", createObject(" + strings.Join(pairs, ", ") + "))]"
}

// literal is a text as expressions write it.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// versionsIn tells the API version of each type that a template makes.
func versionsIn(template document) map[string]string {
	out := map[string]string{}
	resources, _ := template["resources"].([]orchestrator.Value)
	for _, each := range resources {
		made, _ := each.(document)
		if name := provider.Text(made["type"]); name != "" {
			out[strings.ToLower(name)] = provider.Text(made["apiVersion"])
		}
	}
	return out
}

// armType reads the type out of an id:
// …/providers/Microsoft.X/servers/a/rules/b is Microsoft.X/servers/rules.
func armType(id string) string {
	_, rest, ok := strings.Cut(id, "/providers/")
	if !ok {
		return ""
	}
	segments := strings.Split(rest, "/")
	out := segments[0]
	for i := 1; i < len(segments); i += 2 {
		out += "/" + segments[i]
	}
	return out
}

// shownTemplate is the template as runtime properties keep it.
func shownTemplate(call *provider.Call, template document) orchestrator.Value {
	if orchestrator.IsSensitive(setting(call, "template")) {
		return orchestrator.Mark(template)
	}
	return template
}

// recordedTemplate is the template that create kept.
func recordedTemplate(call *provider.Call) document {
	kept := orchestrator.Reveal(call.Self.Runtime["template"])
	if written, ok := kept.(string); ok {
		var parsed map[string]any
		if json.Unmarshal([]byte(written), &parsed) == nil {
			kept = orchestrator.FromJSON(parsed)
		}
	}
	template, _ := kept.(document)
	return template
}

// lowerType is the type of an id as versionsIn spells it.
func lowerType(id string) string { return strings.ToLower(armType(id)) }

// lastOf is the name at the end of an id.
func lastOf(id string) string { return id[strings.LastIndex(id, "/")+1:] }
