package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Severity says whether a finding stops the blueprint.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // the blueprint cannot be used
	Warning Severity = "warning" // it can, and somebody should look
)

// Diagnostic is one finding in a blueprint.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	// Code is the number of the DSL error (dsl-compatibility.md); 0 for a
	// finding that has none.
	Code    int    `json:"code,omitempty"`
	Message string `json:"message"`
	// Hint is the way out, when there is an obvious one.
	Hint  string             `json:"hint,omitempty"`
	Range orchestrator.Range `json:"range,omitzero"`
	// Path is the dotted path of the element: node_templates.vm.properties.ip.
	Path string `json:"path,omitempty"`
	// Imports is the chain of files that led to Range.File, the main file
	// first; empty when the finding is in the main file.
	Imports []string `json:"imports,omitempty"`
}

// String prints the finding on one line.
func (d Diagnostic) String() string {
	var b strings.Builder
	if place := d.Range.String(); place != "" {
		b.WriteString(place + ": ")
	}
	b.WriteString(string(d.Severity))
	if d.Code != 0 {
		fmt.Fprintf(&b, " %d", d.Code)
	}
	b.WriteString(": " + d.Message)
	if d.Hint != "" {
		b.WriteString(" (" + d.Hint + ")")
	}
	return b.String()
}

// Diagnostics is everything that is to be said about one blueprint.
type Diagnostics []Diagnostic

// Sort orders the findings by file, position and text and drops repetitions.
// Files keep the order in which they are first met, so the main file leads.
func (d Diagnostics) Sort() Diagnostics {
	order := map[string]int{}
	for _, finding := range d {
		if _, ok := order[finding.Range.File]; !ok {
			order[finding.Range.File] = len(finding.Imports)*len(d) + len(order)
		}
	}
	sorted := slices.Clone(d)
	slices.SortStableFunc(sorted, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(order[a.Range.File], order[b.Range.File]),
			cmp.Compare(a.Range.Start.Line, b.Range.Start.Line),
			cmp.Compare(a.Range.Start.Column, b.Range.Start.Column),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.CompactFunc(sorted, func(a, b Diagnostic) bool {
		return a.Range == b.Range && a.Message == b.Message && a.Path == b.Path
	})
}

// HasErrors reports whether any finding is an error.
func (d Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(d, func(finding Diagnostic) bool { return finding.Severity == Error })
}

// Err returns nil when nothing is an error, else an *orchestrator.Error of code
// Invalid whose chain holds a *Failure with all findings.
func (d Diagnostics) Err() error {
	var first *Diagnostic
	errors := 0
	for i := range d {
		if d[i].Severity != Error {
			continue
		}
		if first == nil {
			first = &d[i]
		}
		errors++
	}
	if first == nil {
		return nil
	}
	message := "the blueprint is not valid: " + first.String()
	if errors > 1 {
		message += fmt.Sprintf(" (and %d more)", errors-1)
	}
	return orchestrator.Errorf(orchestrator.Invalid, "%s", message).Wrap(&Failure{d})
}

// Failure carries findings as an error; errors.AsType[*diag.Failure] gets them
// back from a chain.
type Failure struct{ Diagnostics Diagnostics }

func (f *Failure) Error() string {
	lines := make([]string, len(f.Diagnostics))
	for i, finding := range f.Diagnostics {
		lines[i] = finding.String()
	}
	return strings.Join(lines, "\n")
}
