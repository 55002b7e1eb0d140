package ctxproxy

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// stopError tells the client that the operation is over: the script should end.
type stopError struct{ message string }

func (e *stopError) Error() string { return e.message }

// do carries out one request.
func (s *Session) do(ctx context.Context, args []orchestrator.Value) (orchestrator.Value, error) {
	if len(args) == 0 {
		return nil, errors.New("say what you want to know: ctx instance id")
	}
	verb, rest := word(args[0]), args[1:]
	switch verb {
	case "logger":
		return nil, s.log(rest)
	case "returns":
		return nil, s.returns(ctx, rest)
	case "retry_operation":
		return nil, s.retry(ctx, rest)
	case "abort_operation":
		return nil, s.abort(ctx, rest)
	case "get_resource", "download_resource":
		return s.resource(rest, false)
	case "get_resource_and_render", "download_resource_and_render":
		return s.resource(rest, true)
	case "operation":
		if len(rest) > 0 && word(rest[0]) == "retry" {
			return nil, s.retry(ctx, rest[1:])
		}
	}
	return s.attribute(ctx, verb, rest)
}

// word is an argument as a verb: ctx accepts dashes for underscores.
func word(arg orchestrator.Value) string { return strings.ReplaceAll(text(arg), "-", "_") }

// attribute answers what the operation is about.
func (s *Session) attribute(ctx context.Context, verb string, rest []orchestrator.Value) (orchestrator.Value, error) {
	call := s.call
	switch verb {
	case "node", "instance":
		if call.Self == nil {
			return nil, fmt.Errorf("a relationship operation has no %s; say source or target first", verb)
		}
		return s.side(ctx, call.Self, verb, rest)
	case "source", "target":
		end := call.Source
		if verb == "target" {
			end = call.Target
		}
		if end == nil {
			return nil, fmt.Errorf("only a relationship operation has a %s", verb)
		}
		if len(rest) == 0 {
			return nil, fmt.Errorf("say node or instance after %s", verb)
		}
		return s.side(ctx, end, word(rest[0]), rest[1:])
	default:
		known := s.facts()
		value, ok := known[verb]
		if !ok {
			return nil, fmt.Errorf("ctx knows no %q", strings.ReplaceAll(verb, "_", "-"))
		}
		return dig(value, rest)
	}
}

func (s *Session) facts() map[string]orchestrator.Value {
	call := s.call
	kind := "node-instance"
	if call.Self == nil {
		kind = "relationship-instance"
	}
	return map[string]orchestrator.Value{
		"type":         kind,
		"execution_id": call.Execution.ID,
		"workflow_id":  call.Execution.Workflow,
		"tenant_name":  call.Team,
		"task_name":    call.Function,
		"plugin":       call.Plugin,
		"deployment":   map[string]orchestrator.Value{"id": call.Deployment.ID, "display_name": call.Deployment.DisplayName, "inputs": orchestrator.Reveal(call.Deployment.Inputs)},
		"blueprint":    map[string]orchestrator.Value{"id": call.Deployment.BlueprintID},
		"operation":    map[string]orchestrator.Value{"name": call.Operation, "retry_number": int64(call.Attempt)},
	}
}

// dig follows the words of a request into a value: ctx deployment id. A name of
// the blueprint's, such as an input's, may hold dashes.
func dig(value orchestrator.Value, rest []orchestrator.Value) (orchestrator.Value, error) {
	for _, step := range rest {
		inner, err := read(value, text(step))
		if err != nil {
			if inner, err = read(value, word(step)); err != nil {
				return nil, err
			}
		}
		value = inner
	}
	return value, nil
}

// side answers about a node or an instance of it.
func (s *Session) side(ctx context.Context, of *provider.Instance, what string, rest []orchestrator.Value) (orchestrator.Value, error) {
	if what == "node" {
		known := map[string]orchestrator.Value{
			"id": of.NodeID, "name": of.NodeID, "type": of.Type,
			"type_hierarchy": texts(of.TypeHierarchy), "properties": orchestrator.Reveal(of.Properties),
		}
		return property(known, rest)
	}
	if what != "instance" {
		return nil, fmt.Errorf("say node or instance, not %q", what)
	}
	if len(rest) == 3 && word(rest[0]) == "runtime_properties" {
		return nil, s.setRuntime(ctx, of, text(rest[1]), rest[2])
	}
	runtime := s.getRuntime(of)
	known := map[string]orchestrator.Value{"id": of.ID, "runtime_properties": runtime}
	if ip, ok := orchestrator.Lookup(runtime, "ip"); ok {
		known["host_ip"] = ip
	} else {
		known["host_ip"] = orchestrator.Reveal(of.Properties["ip"])
	}
	return property(known, rest)
}

// property reads one attribute and, when the request goes on, one path in it.
// The path's names are the blueprint's: dashes in them stay dashes.
func property(known map[string]orchestrator.Value, rest []orchestrator.Value) (orchestrator.Value, error) {
	if len(rest) == 0 {
		return nil, fmt.Errorf("say which: %s", strings.Join(orchestrator.SortedKeys(known), ", "))
	}
	value, ok := known[word(rest[0])]
	if !ok {
		return nil, fmt.Errorf("there is no %q; there are %s", text(rest[0]), strings.Join(orchestrator.SortedKeys(known), ", "))
	}
	switch len(rest) {
	case 1:
		return value, nil
	case 2:
		return read(value, text(rest[1]))
	case 3:
		return nil, fmt.Errorf("%s cannot be set by a script", text(rest[0]))
	default:
		return nil, errors.New("too many words; quote a value that holds spaces")
	}
}

func texts(list []string) []orchestrator.Value {
	out := make([]orchestrator.Value, len(list))
	for i, item := range list {
		out[i] = item
	}
	return out
}

var logLevels = map[string]string{
	"debug": provider.Debug, "info": provider.Info, "warning": provider.Warning, "warn": provider.Warning,
	"error": provider.Failure, "critical": provider.Failure, "exception": provider.Failure,
}

func (s *Session) log(rest []orchestrator.Value) error {
	if len(rest) < 2 {
		return errors.New("say a level and a message: ctx logger info \"it works\"")
	}
	level, ok := logLevels[text(rest[0])]
	if !ok {
		return fmt.Errorf("%q is not a log level", text(rest[0]))
	}
	parts := make([]string, 0, len(rest)-1)
	for _, part := range rest[1:] {
		parts = append(parts, text(part))
	}
	s.call.Log.Log(level, strings.Join(parts, " "))
	return nil
}

func (s *Session) returns(ctx context.Context, rest []orchestrator.Value) error {
	verdict := Verdict{Kind: Returns}
	if len(rest) > 0 {
		verdict.Value = rest[0]
	}
	return s.decide(ctx, verdict)
}

// longestRetry bounds how long a script may ask to wait before its retry.
const longestRetry = 24 * time.Hour

func (s *Session) retry(ctx context.Context, rest []orchestrator.Value) error {
	verdict := Verdict{Kind: Retry, Message: reason(rest)}
	if len(rest) > 1 {
		seconds, err := strconv.ParseFloat(text(rest[1]), 64)
		if err != nil || !(seconds >= 0 && seconds <= longestRetry.Seconds()) {
			return fmt.Errorf("%q is not a number of seconds up to a day", text(rest[1]))
		}
		verdict.After = time.Duration(seconds * float64(time.Second))
	}
	if err := s.decide(ctx, verdict); err != nil {
		return err
	}
	return &stopError{verdict.Message}
}

func (s *Session) abort(ctx context.Context, rest []orchestrator.Value) error {
	verdict := Verdict{Kind: Abort, Message: reason(rest)}
	if err := s.decide(ctx, verdict); err != nil {
		return err
	}
	return &stopError{verdict.Message}
}

// reason is what a script says of its retry or abort.
func reason(rest []orchestrator.Value) string {
	if len(rest) == 0 || text(rest[0]) == "" {
		return "no reason given"
	}
	return text(rest[0])
}

// resourceLimit bounds one file that a script downloads (32 MiB): bigger things
// belong in an artifact store, not in a blueprint.
const resourceLimit = 32 << 20

// resource answers a file of the blueprint. The client writes it to the place
// that the second argument names, or to one of its own.
func (s *Session) resource(rest []orchestrator.Value, render bool) (orchestrator.Value, error) {
	if len(rest) == 0 {
		return nil, errors.New("say which file of the blueprint")
	}
	name := path.Clean(strings.TrimPrefix(text(rest[0]), "/"))
	if s.call.Files == nil || !fs.ValidPath(name) {
		return nil, fmt.Errorf("the blueprint has no file %q", text(rest[0]))
	}
	content, err := fs.ReadFile(s.call.Files, name)
	if err != nil {
		return nil, fmt.Errorf("the blueprint has no file %q", name)
	}
	if len(content) > resourceLimit {
		return nil, fmt.Errorf("%s is over the limit of %d MiB for a file that a script downloads", name, resourceLimit>>20)
	}
	if render {
		rendered, err := s.render(string(content))
		if err != nil {
			return nil, fmt.Errorf("render %s: %w", name, err)
		}
		content = []byte(rendered)
	}
	destination := ""
	if len(rest) > 1 {
		if named, ok := rest[1].(string); ok {
			destination = named
		}
	}
	return Resource{Name: path.Base(name), Destination: destination, Content: base64.StdEncoding.EncodeToString(content)}, nil
}

// Resource is the payload of a download: the client writes Content to
// Destination (or to a temporary file called Name) and prints that path.
type Resource struct {
	Name        string `json:"resource_name"`
	Destination string `json:"destination"`
	Content     string `json:"content_base64"`
}
