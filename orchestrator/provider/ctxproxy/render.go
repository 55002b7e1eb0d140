package ctxproxy

import (
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

var placeholder = regexp.MustCompile(`\{\{\s*(.*?)\s*\}\}`)

// render fills in {{ ctx.node.properties.port }} and the like. It is the part
// of Jinja that configuration files of blueprints use: values by path. Anything
// else between the braces is an error, never silently left in a file.
func (s *Session) render(template string) (string, error) {
	if at := strings.Index(template, "{%"); at >= 0 {
		return "", fmt.Errorf("statements like %q are not supported, only values like {{ ctx.instance.id }}", "{%")
	}
	known := s.variables()
	var failed error
	out := placeholder.ReplaceAllStringFunc(template, func(match string) string {
		expression := placeholder.FindStringSubmatch(match)[1]
		value, err := read(known, expression)
		if err != nil && failed == nil {
			failed = fmt.Errorf("{{ %s }}: %w", expression, err)
		}
		return text(value)
	})
	return out, failed
}

func (s *Session) variables() orchestrator.Value {
	ctx := s.facts()
	if self := s.call.Self; self != nil {
		maps.Copy(ctx, s.known(self))
	}
	for name, end := range map[string]*provider.Instance{"source": s.call.Source, "target": s.call.Target} {
		if end != nil {
			ctx[name] = s.known(end)
		}
	}
	return map[string]orchestrator.Value{"ctx": ctx}
}

// known is an instance and its node as templates name them.
func (s *Session) known(of *provider.Instance) map[string]orchestrator.Value {
	return map[string]orchestrator.Value{
		"node":     map[string]orchestrator.Value{"id": of.NodeID, "name": of.NodeID, "properties": orchestrator.Reveal(of.Properties)},
		"instance": map[string]orchestrator.Value{"id": of.ID, "runtime_properties": s.getRuntime(of)},
	}
}
