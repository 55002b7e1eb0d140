package ssh

import (
	"io/fs"
	"path"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// readScript returns the text to run: a file of the blueprint, or commands.
func readScript(call *provider.Call, inputs map[string]orchestrator.Value) (string, error) {
	switch name := provider.LastSegment(call.Function); name {
	case "run_script":
		return scriptText(call, inputs)
	case "run_commands":
		return commandsText(inputs["commands"])
	default:
		return "", unknownFunction(name)
	}
}

func unknownFunction(name string) error {
	return invalid("", "the SSH provider has no %q; it has run_script and run_commands", name)
}

func scriptText(call *provider.Call, inputs map[string]orchestrator.Value) (string, error) {
	text := firstText(inputs["script_source"])
	name := firstText(inputs["script_path"])
	if text == "" {
		if strings.Contains(name, "://") {
			return "", invalid("script_path", "script_path %q is a URL; scripts come from the blueprint: add the file to it", name)
		}
		clean := path.Clean(strings.TrimPrefix(name, "/"))
		if name == "" || call.Files == nil || !fs.ValidPath(clean) {
			return "", invalid("script_path", "script_path %q is not a file of the blueprint", name)
		}
		content, err := fs.ReadFile(call.Files, clean)
		if err != nil {
			return "", invalid("script_path", "the blueprint has no file %q; upload it with the blueprint or mend script_path", name)
		}
		text = string(content)
	}
	if err := checkText("the script", text); err != nil {
		return "", invalid("script_path", "%v; use a text script", err)
	}
	return strings.ReplaceAll(text, "\r\n", "\n"), nil
}

// commandsText makes a script of the commands: the first that fails ends it.
func commandsText(commands orchestrator.Value) (string, error) {
	list, ok := commands.([]orchestrator.Value)
	if !ok || len(list) == 0 {
		return "", invalid("commands", "run_commands needs a list of commands")
	}
	var out strings.Builder
	out.WriteString("#!/bin/sh\nset -e\n")
	for i, command := range list {
		line, ok := command.(string)
		if !ok || checkText("", line) != nil {
			return "", invalid("commands", "command %d is not a text", i+1)
		}
		out.WriteString(line + "\n")
	}
	return out.String(), nil
}
