package ssh

import (
	"encoding/json"
	"fmt"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

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

// reserved inputs steer the operation; all others become environment variables.
var reserved = map[string]bool{
	"script_path": true, "script_source": true, "commands": true, "fabric_env": true, "process": true,
	"use_sudo": true, "hide_output": true, "non_recoverable_error_exit_codes": true, "slipway_resumable": true,
}

// readJob reads the inputs. Its errors are the blueprint's and hopeless.
func readJob(call *provider.Call) (*job, error) {
	inputs := provider.Mapping(call.Inputs)
	j := &job{env: map[string]string{}, quiet: map[string]bool{}, sudo: truth(inputs["use_sudo"], false), resumable: truth(inputs["slipway_resumable"], false)}
	var err error
	if j.target, err = readTarget(call, provider.Mapping(inputs["fabric_env"])); err != nil {
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
	for _, name := range orchestrator.SortedKeys(inputs) {
		if !reserved[name] {
			j.setEnv(name, inputs[name])
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
	process := provider.Mapping(marked)
	env := provider.Mapping(process["env"])
	for _, name := range orchestrator.SortedKeys(env) {
		j.setEnv(name, env[name])
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

// invalid is a mistake of the blueprint: no retry mends it.
func invalid(field, format string, args ...any) error {
	return provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, format, args...).On(field))
}
