package dsl

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/diag"
)

// Compile turns a blueprint into a plan. With errors among the diagnostics the
// plan is nil. The diagnostics are sorted by position.
func Compile(source Source, importer Importer) (*orchestrator.Plan, diag.Diagnostics) {
	return compile(source, importer, options{})
}

// options switch checks off, as callers of the original can.
type options struct {
	anyVersion    bool   // features newer than the declared version are fine
	skipFunctions bool   // calls are not checked
	skipDefaults  bool   // defaults of inputs are not checked against their constraints
	resourcesBase string // a further folder of the archive in which imports and scripts are
}

// compiler holds what the stages hand on to each other.
type compiler struct {
	options
	files           fs.FS
	mainName        string
	importer        Importer
	version         version
	validateVersion bool
	diagnostics     diag.Diagnostics
	failed, warned  int  // findings, also those that are not kept
	incomplete      bool // an import is missing
	marks           int  // of YAML, in all documents read
	filled          int  // values that data types were filled in with

	// Of reading and merging.
	chains map[string][]string // per file, the files that led to it
	texts  map[string]*node    // trees by name, read once
	// anyVersions are the files that may use what is newer than the main one.
	anyVersions map[string]bool
	namespaces  map[string]string // of imported blueprints
	blueprints  []string
	root        *node

	// broken holds the paths of sections and named entries with a structure
	// that is reported; what follows from it is not.
	broken      map[string]bool
	brokenNodes map[string]bool
	circular    map[string]bool // sections with a circle of names

	dataTypes         map[string]*dataType
	nodeTypes         map[string]*nodeType
	relationshipTypes map[string]*relationshipType
	relationshipOrder []string
	policySchemas     map[*node]*schema // of policy types and triggers
	plugins           map[string]orchestrator.Plugin
	pluginOrder       []string
	shared            map[*interfaces]*resolved // of types whose operations nobody touches
	untouched         map[*rawOperation]orchestrator.Operation
	used              map[string]bool // plugins that an operation or workflow uses
	scriptFiles       map[string]bool // whether a name is a file beside the main one, as far as asked
	scriptNames       []string        // of files, once hints need them
	templates         map[string]entry
	nodeIndex         map[string]int // place in plan.Nodes
	plan              *orchestrator.Plan
}

func compile(source Source, importer Importer, o options) (*orchestrator.Plan, diag.Diagnostics) {
	c := newCompiler(source, importer, o)
	c.run(source)
	findings := c.findings()
	if findings.HasErrors() {
		return nil, findings
	}
	return c.plan, findings
}

// findings returns what is to be said, sorted. While an import is missing, names
// that nothing declares are not told: the import may declare them.
func (c *compiler) findings() diag.Diagnostics {
	if c.incomplete {
		c.diagnostics = slices.DeleteFunc(c.diagnostics, func(d diag.Diagnostic) bool { return undeclared[d.Code] })
	}
	return c.diagnostics.Sort()
}

func newCompiler(source Source, importer Importer, o options) *compiler {
	if importer == nil {
		importer = NoImports{}
	}
	return &compiler{
		options: o, files: source.Files, mainName: path.Clean(source.Main), importer: importer, validateVersion: !o.anyVersion,
		chains: map[string][]string{}, anyVersions: map[string]bool{}, texts: map[string]*node{}, namespaces: map[string]string{},
		broken: map[string]bool{}, brokenNodes: map[string]bool{}, circular: map[string]bool{},
		dataTypes: map[string]*dataType{}, nodeTypes: map[string]*nodeType{}, relationshipTypes: map[string]*relationshipType{},
		policySchemas: map[*node]*schema{}, plugins: map[string]orchestrator.Plugin{}, used: map[string]bool{}, scriptFiles: map[string]bool{},
		shared: map[*interfaces]*resolved{}, untouched: map[*rawOperation]orchestrator.Operation{},
		templates: map[string]entry{}, nodeIndex: map[string]int{},
		plan: &orchestrator.Plan{
			Relationships: map[string]orchestrator.RelationshipType{}, DataTypes: map[string]orchestrator.DataType{},
			Plugins: map[string]orchestrator.Plugin{}, Workflows: map[string]orchestrator.Workflow{},
		},
	}
}

// run is the stages in order. A stage that cannot go on without an earlier one
// is not started; all others report what they find.
func (c *compiler) run(source Source) {
	documents := c.loadAll(source)
	if documents == nil {
		return
	}
	c.root = c.mergeAll(documents)
	c.checkShape(c.root)
	c.planHeader()

	c.compileDataTypes()
	c.compilePlugins()
	c.compileNodeTypes()
	c.compileRelationshipTypes()
	c.compileInputs()
	c.compileNodes()
	c.compileWorkflows()
	c.compileGroups()
	c.compilePolicies()
	c.compileOutputs()
	c.compileLabels()
	c.compileSettings()

	c.planRelationshipTypes()
	c.planDataTypes()
	c.planPlugins()
	if !c.skipFunctions && !c.incomplete {
		c.checkFunctions()
	}
	if !c.diagnostics.HasErrors() {
		c.plan.Requirements = requirements(c.plan)
	}
}

func (c *compiler) planHeader() {
	c.plan.Version = c.version.String()
	c.plan.Description = c.root.get("description").text()
	c.plan.Metadata = c.root.get("metadata").values()
	c.plan.ResourceTags = c.root.get("resource_tags").values()
	c.plan.ImportedBlueprints = c.blueprints
	if len(c.namespaces) > 0 {
		c.plan.NamespacesMapping = c.namespaces
	}
}

// planPlugins puts the plugins that are used into the plan.
func (c *compiler) planPlugins() {
	for name := range c.used {
		c.plan.Plugins[name] = c.plugins[name]
	}
	slices.Sort(c.plan.WorkflowPluginsToInstall)
}

// maxFindings bounds how many errors are kept, and how many warnings; more help
// nobody.
const maxFindings = 500

// fail reports an error; the returned finding may be given a hint.
func (c *compiler) fail(code int, at orchestrator.Range, path, format string, args ...any) *diag.Diagnostic {
	c.failed++
	return c.keep(c.failed, diag.Diagnostic{Severity: diag.Error, Code: code, Message: sprintf(format, args...), Range: at, Path: path})
}

// warn reports something that is allowed and probably not meant.
func (c *compiler) warn(at orchestrator.Range, path, format string, args ...any) *diag.Diagnostic {
	c.warned++
	return c.keep(c.warned, diag.Diagnostic{Severity: diag.Warning, Message: sprintf(format, args...), Range: at, Path: path})
}

// keep notes a finding, the n-th of its severity.
func (c *compiler) keep(n int, d diag.Diagnostic) *diag.Diagnostic {
	if n > maxFindings {
		return &diag.Diagnostic{}
	}
	if n == maxFindings {
		d.Message += fmt.Sprintf("; there are more findings, only %d are shown", maxFindings)
	}
	d.Message, d.Path, d.Imports = clip(d.Message), clip(d.Path), c.chains[d.Range.File]
	c.diagnostics = append(c.diagnostics, d)
	return &c.diagnostics[len(c.diagnostics)-1]
}

// maxMessage bounds a message, in bytes: a stranger's names are in it, and an
// alias puts a long one into many findings.
const maxMessage = 1000

func clip(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxMessage], "") + "…"
}

func sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// describe names a value in a message.
func describe(v Value) string { return fmt.Sprintf("%q", fmt.Sprint(v)) }
