package dsl

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// The functions that run a script, and the inputs that carry it.
const (
	runScript         = "script_runner.tasks.run"
	runScriptWorkflow = "script_runner.tasks.execute_workflow"
	scriptPathInput   = "script_path"
	scriptSourceInput = "script_source"
)

var hasScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// resolver resolves the implementations of one owner's operations.
type resolver struct {
	c    *compiler
	code int // what an unresolvable implementation is
	path string
	what string // "node vm", "relationship type x"
	// idle operations do not count as use of their plugin.
	idle bool
}

// resolved are operations by full name, and the short names that are unique
// among the interfaces. They are shared between owners and never changed.
type resolved struct {
	operations map[string]orchestrator.Operation
	short      map[string]string
	count      map[string]int // interfaces by short name
}

func newResolved() *resolved {
	return &resolved{operations: map[string]orchestrator.Operation{}, short: map[string]string{}, count: map[string]int{}}
}

func (r *resolved) put(name string, o orchestrator.Operation) {
	r.operations[o.Name] = o
	if r.count[name]++; r.count[name] == 1 {
		r.short[name] = o.Name
	} else {
		delete(r.short, name)
	}
}

// instance resolves what an owner that writes interfaces makes of those of its
// type. An owner that writes none shares the result with all others.
func (r resolver) instance(written *node, ofType *interfaces) (map[string]orchestrator.Operation, map[string]string) {
	if written == nil {
		if r.c.shared[ofType] == nil {
			r.c.shared[ofType] = r.merged(newInterfaces(), ofType)
		}
		return r.c.shared[ofType].operations, r.c.shared[ofType].short
	}
	all := r.merged(r.c.interfacesOf(written, r.path, false), ofType)
	return all.operations, all.short
}

// merged lays own operations over those of a type and resolves them. What the
// type has and nobody touches is resolved once.
func (r resolver) merged(own, ofType *interfaces) *resolved {
	m := instanceMerger{c: r.c, path: r.path, what: r.what}
	out := newResolved()
	ofType.each(func(face, name string, o *rawOperation) {
		mine := own.get(face, name)
		if mine == nil {
			once, ok := r.c.untouched[o]
			if !ok {
				once = r.operation(face+"."+name, m.merge(nil, o, face+"."+name))
				r.c.untouched[o] = once
			}
			out.put(name, once)
			return
		}
		out.put(name, r.operation(face+"."+name, m.merge(mine, o, face+"."+name)))
	})
	own.each(func(face, name string, o *rawOperation) {
		if ofType.get(face, name) == nil {
			out.put(name, r.operation(face+"."+name, o))
		}
	})
	return out
}

func (r resolver) operation(full string, raw *rawOperation) orchestrator.Operation {
	o := orchestrator.Operation{Name: full, At: raw.at}
	if raw.implementation == "" {
		return o
	}
	o.Inputs, o.InputsTypes, o.Executor = raw.inputs, raw.inputsTypes, raw.executor
	o.MaxRetries, o.RetryInterval, o.Timeout, o.TimeoutRecoverable = raw.maxRetries, raw.retryInterval, raw.timeout, raw.recoverable
	where := dotted(r.path, full)
	if input, isScript := r.c.scriptInput(raw.implementation); isScript {
		r.script(&o, raw, input, where)
		return o
	}
	plugin, function, ok := r.c.splitPlugin(raw.implementation, raw.implementedAt, where)
	if !ok {
		if plugin == "" {
			r.unresolved(raw, full, where)
		}
		return o
	}
	o.Plugin, o.Function = plugin, function
	if o.Executor == "" {
		o.Executor = r.c.plugins[plugin].Executor
	}
	r.use(plugin)
	return o
}

func (r resolver) use(plugin string) {
	if !r.idle {
		r.c.used[plugin] = true
	}
}

func (r resolver) script(o *orchestrator.Operation, raw *rawOperation, input, where string) {
	plugin, ok := r.c.scriptPlugin()
	if !ok {
		d := r.c.fail(codeNoScriptPlugin, raw.implementedAt, where, "%s of %s is a script, and no plugin runs scripts", o.Name, r.what)
		d.Hint = "import the built-in types, or define a plugin whose name ends in script"
		return
	}
	for _, taken := range []string{scriptPathInput, scriptSourceInput} {
		if _, ok := raw.inputs[taken]; ok && taken == input {
			r.c.fail(codeScriptPathTwice, raw.at, where, "%s of %s is the script %s and cannot have the input %s, too", o.Name, r.what, shorten(raw.implementation), taken)
		}
	}
	o.Plugin, o.Function = plugin, runScript
	inputs := make(map[string]Value, len(raw.inputs)+1)
	for key, value := range raw.inputs {
		inputs[key] = value
	}
	inputs[input] = raw.implementation
	o.Inputs = inputs
	if o.Executor == "" {
		o.Executor = autoExecutor
	}
	r.use(plugin)
}

func (r resolver) unresolved(raw *rawOperation, full, where string) {
	d := r.c.fail(r.code, raw.implementedAt, where, "%s of %s is %q: there is no such plugin, and no such script in the archive", full, r.what, shorten(raw.implementation))
	r.c.suggestPlugin(d, raw.implementation, slices.Values(r.c.pluginOrder))
}

// shorten keeps a long inline text out of a message.
func shorten(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}

// scriptInput reports whether an implementation is a script, and which input
// carries it.
func (c *compiler) scriptInput(implementation string) (string, bool) {
	if strings.Contains(strings.TrimSpace(implementation), "\n") {
		return scriptSourceInput, true
	}
	if hasScheme.MatchString(implementation) || c.isScript(implementation) {
		return scriptPathInput, true
	}
	return "", false
}

// isScript reports whether a path, perhaps behind a namespace, is a file beside
// the main file, or belongs to an imported blueprint, whose files are not at
// hand and are not checked.
func (c *compiler) isScript(name string) bool {
	if i := strings.LastIndex(name, namespaceMark); i >= 0 {
		for namespace := range c.namespaces {
			if name[:i] == namespace || strings.HasPrefix(name[:i], namespace+namespaceMark) {
				return c.blueprintScript(name)
			}
		}
		name = name[i+len(namespaceMark):]
	}
	is, known := c.scriptFiles[name]
	if !known {
		is = isFile(c.files, path.Join(path.Dir(c.mainName), name)) || c.resourcesBase != "" && isFile(c.files, path.Join(c.resourcesBase, name))
		c.scriptFiles[name] = is
	}
	return is
}

// blueprintScript tells a script of an imported blueprint from an operation of
// one of its plugins.
func (c *compiler) blueprintScript(name string) bool {
	for plugin := range c.plugins {
		if strings.HasPrefix(name, plugin+".") {
			return false
		}
	}
	return true
}

func isFile(files fs.FS, name string) bool {
	if files == nil || !fs.ValidPath(name) {
		return false
	}
	info, err := fs.Stat(files, name)
	return err == nil && info.Mode().IsRegular()
}

// maxScripts bounds how many files of an archive hints choose from.
const maxScripts = 1000

// scripts lists files of the archive, for hints.
func (c *compiler) scripts() []string {
	if c.scriptNames != nil {
		return c.scriptNames
	}
	c.scriptNames = []string{}
	// A directory that cannot be read has no names to suggest.
	_ = fs.WalkDir(c.files, path.Dir(c.mainName), func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			c.scriptNames = append(c.scriptNames, strings.TrimPrefix(name, path.Dir(c.mainName)+"/"))
		}
		if len(c.scriptNames) == maxScripts {
			return fs.SkipAll
		}
		return nil
	})
	return c.scriptNames
}

// splitPlugin finds the plugin whose name is the front of an implementation.
// It returns no plugin when there is none, and not ok after reporting several.
func (c *compiler) splitPlugin(implementation string, at orchestrator.Range, where string) (plugin, function string, ok bool) {
	var candidates []string
	for i := range len(implementation) {
		if implementation[i] != '.' {
			continue
		}
		if _, ok := c.plugins[implementation[:i]]; ok {
			candidates = append(candidates, implementation[:i])
		}
	}
	switch len(candidates) {
	case 0:
		return "", "", false
	case 1:
		return candidates[0], implementation[len(candidates[0])+1:], true
	default:
		slices.Sort(candidates)
		c.fail(codeAmbiguousPlugin, at, where, "%s may belong to the plugins %s", implementation, strings.Join(candidates, " and "))
		return candidates[0], "", false
	}
}

// typeOperations resolves the operations of a relationship type, with the
// defaults of their inputs.
func (c *compiler) typeOperations(all *interfaces, path string) map[string]orchestrator.Operation {
	r := resolver{c: c, code: codeRelOperation, path: path, what: "the relationship type", idle: true}
	operations := map[string]orchestrator.Operation{}
	all.each(func(face, name string, o *rawOperation) {
		values := *o
		values.inputs = o.schema.defaults()
		operations[face+"."+name] = r.operation(face+"."+name, &values)
	})
	return operations
}
