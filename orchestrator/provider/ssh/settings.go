package ssh

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// target is where to connect and as whom. It is opened here, on the way to the
// far end, and never printed.
type target struct {
	host           string
	port           int
	user           string
	key, password  string
	connectTimeout time.Duration
}

func (t target) address() string { return net.JoinHostPort(t.host, strconv.Itoa(t.port)) }

// job is one operation, read from a call's inputs.
type job struct {
	target    target
	script    string
	env       map[string]string // as the script shall see it
	skipped   []string          // inputs whose name no variable can have
	args      []string
	prefix    string
	cwd       string
	base      string
	sudo      bool
	quiet     map[string]bool // streams that are not logged
	hopeless  []int           // exit codes that are not retried
	resumable bool
}

const (
	defaultPort           = 22
	defaultConnectTimeout = 10 * time.Second
)

// reserved inputs steer the operation; all others become environment variables.
var reserved = map[string]bool{
	"script_path": true, "script_source": true, "commands": true, "fabric_env": true, "process": true,
	"use_sudo": true, "hide_output": true, "non_recoverable_error_exit_codes": true, "slipway_resumable": true,
}

// readJob reads the inputs. Its errors are the blueprint's and hopeless.
func readJob(call *provider.Call) (*job, error) {
	inputs := mapping(orchestrator.Reveal(call.Inputs))
	j := &job{env: map[string]string{}, quiet: map[string]bool{}, sudo: truth(inputs["use_sudo"], false), resumable: truth(inputs["slipway_resumable"], false)}
	var err error
	if j.target, err = readTarget(call, mapping(inputs["fabric_env"])); err != nil {
		return nil, err
	}
	if j.script, err = readScript(call, inputs); err != nil {
		return nil, err
	}
	if hidden(inputs["hide_output"]) {
		j.quiet["stdout"], j.quiet["stderr"] = true, true
	}
	if j.hopeless, err = exitCodes(inputs["non_recoverable_error_exit_codes"]); err != nil {
		return nil, err
	}
	for name, value := range inputs {
		if !reserved[name] {
			j.setEnv(name, value)
		}
	}
	if err := j.readProcess(call.Inputs["process"]); err != nil {
		return nil, err
	}
	for name, value := range j.env {
		if err := checkText("input "+name, value); err != nil {
			return nil, invalid(name, "%v; write it into a file of the blueprint", err)
		}
	}
	return j, nil
}

func readTarget(call *provider.Call, env map[string]orchestrator.Value) (target, error) {
	kwargs := mapping(env["connect_kwargs"])
	t := target{port: defaultPort, connectTimeout: defaultConnectTimeout}
	t.host, t.user = firstText(env["host"], env["host_string"]), firstText(env["user"])
	if user, host, ok := strings.Cut(t.host, "@"); ok {
		t.host = host
		if t.user == "" {
			t.user = user
		}
	}
	if host, port, err := net.SplitHostPort(t.host); err == nil {
		t.host = host
		if t.port, err = strconv.Atoi(port); err != nil {
			return target{}, invalid("fabric_env", "the port in fabric_env.host is not a number")
		}
	}
	if t.host == "" {
		t.host = hostAddress(call)
	}
	if t.host == "" {
		return target{}, invalid("fabric_env", "fabric_env.host is empty and no host of the node has an ip; give the machine's address")
	}
	if t.user == "" {
		return target{}, invalid("fabric_env", "fabric_env.user is empty; give the login user, for example ubuntu")
	}
	if port := env["port"]; port != nil {
		n, err := number(port)
		if err != nil || n < 1 || n > 65535 {
			return target{}, invalid("fabric_env", "fabric_env.port is not a port")
		}
		t.port = int(n)
	}
	if seconds := firstOf(env["connect_timeout"], env["timeout"]); seconds != nil {
		n, err := number(seconds)
		if err != nil || n <= 0 {
			return target{}, invalid("fabric_env", "fabric_env.connect_timeout is not a number of seconds")
		}
		t.connectTimeout = time.Duration(n * float64(time.Second))
	}
	t.key = keyText(firstText(kwargs["pkey"], env["pkey"], env["key"]))
	t.password = firstText(kwargs["password"], env["password"])
	if t.key == "" && t.password == "" {
		if firstText(kwargs["key_filename"], env["key_filename"]) != "" {
			return target{}, invalid("fabric_env", "fabric_env.key_filename names a file of the server, which scripts may not use; give the key's text as fabric_env.key: { get_secret: private_key_content }")
		}
		return target{}, invalid("fabric_env", "fabric_env has neither key nor password; give key: { get_secret: private_key_content }")
	}
	return t, nil
}

// keyText accepts a key with escaped line ends and without the last one.
func keyText(text string) string {
	if text == "" {
		return ""
	}
	text = strings.ReplaceAll(text, `\n`, "\n")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.TrimSpace(text) + "\n"
}

// hostAddress climbs to the machine that the instance is contained in.
func hostAddress(call *provider.Call) string {
	at := call.Self
	if at == nil {
		at = call.Source
		if call.OnTarget {
			at = call.Target
		}
	}
	for depth := 0; at != nil && depth < 32; depth++ {
		for _, key := range []string{"public_ip_address", "public_ip", "ip"} {
			if ip, ok := orchestrator.Reveal(at.Get(key)).(string); ok && ip != "" {
				return ip
			}
		}
		at = containerOf(at)
	}
	return ""
}

func containerOf(instance *provider.Instance) *provider.Instance {
	for _, related := range instance.Relationships {
		if related.Is("cloudify.relationships.contained_in") {
			return related.Target
		}
	}
	return nil
}

func readScript(call *provider.Call, inputs map[string]orchestrator.Value) (string, error) {
	switch name := lastSegment(call.Function); name {
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

// readProcess reads the process input, still marked: a secret among the
// arguments would show in the machine's process list.
func (j *job) readProcess(marked orchestrator.Value) error {
	if marked == nil {
		return nil
	}
	for _, shown := range []string{"args", "command_prefix"} {
		if value, _ := orchestrator.Lookup(marked, shown); orchestrator.IsSensitive(value) {
			return invalid("process", "process.%s holds a secret, which every user of the machine could see; pass it in process.env", shown)
		}
	}
	process := mapping(orchestrator.Reveal(marked))
	for name, value := range mapping(process["env"]) {
		j.setEnv(name, value)
	}
	if list, ok := process["args"].([]orchestrator.Value); ok {
		for _, arg := range list {
			j.args = append(j.args, envText(arg))
		}
	}
	j.prefix, j.cwd, j.base = firstText(process["command_prefix"]), firstText(process["cwd"]), firstText(process["base_dir"])
	for stream, key := range map[string]string{"stdout": "log_stdout", "stderr": "log_stderr"} {
		if !truth(process[key], true) {
			j.quiet[stream] = true
		}
	}
	return nil
}

func (j *job) setEnv(name string, value orchestrator.Value) {
	if !validName(name) {
		j.skipped = append(j.skipped, name)
		return
	}
	j.env[name] = envText(value)
}

// envText is a value as an environment variable: JSON for maps, lists and
// booleans, text for the rest.
func envText(value orchestrator.Value) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	}
	out, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(out)
}

func exitCodes(value orchestrator.Value) ([]int, error) {
	list, _ := value.([]orchestrator.Value)
	var out []int
	for _, item := range list {
		n, err := number(item)
		if err != nil {
			return nil, invalid("non_recoverable_error_exit_codes", "non_recoverable_error_exit_codes is not a list of numbers")
		}
		out = append(out, int(n))
	}
	return out, nil
}

func hidden(value orchestrator.Value) bool {
	switch value := value.(type) {
	case bool:
		return value
	case []orchestrator.Value:
		return len(value) > 0
	default:
		return false
	}
}

func truth(value orchestrator.Value, otherwise bool) bool {
	switch value := value.(type) {
	case bool:
		return value
	case string:
		if parsed, err := strconv.ParseBool(strings.ToLower(value)); err == nil {
			return parsed
		}
	}
	return otherwise
}

func number(value orchestrator.Value) (float64, error) {
	switch value := value.(type) {
	case int64:
		return float64(value), nil
	case float64:
		return value, nil
	case string:
		return strconv.ParseFloat(value, 64)
	default:
		return 0, fmt.Errorf("%T is not a number", value)
	}
}

func mapping(value orchestrator.Value) map[string]orchestrator.Value {
	m, _ := value.(map[string]orchestrator.Value)
	return m
}

func firstOf(values ...orchestrator.Value) orchestrator.Value {
	for _, value := range values {
		if value != nil {
			return value
		}
	}
	return nil
}

func firstText(values ...orchestrator.Value) string {
	for _, value := range values {
		if text, ok := value.(string); ok && text != "" {
			return text
		}
	}
	return ""
}

func lastSegment(function string) string {
	return function[strings.LastIndexByte(function, '.')+1:]
}

// invalid is a mistake of the blueprint: no retry mends it.
func invalid(field, format string, args ...any) error {
	return provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, format, args...).On(field))
}
