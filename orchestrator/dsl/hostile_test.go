package dsl

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/slipwayhq/slipway/orchestrator"
)

func oneFile(text string) Source {
	return Source{Files: fstest.MapFS{"blueprint.yaml": &fstest.MapFile{Data: []byte(text)}}, Main: "blueprint.yaml"}
}

const header = "tosca_definitions_version: cloudify_dsl_1_5\n"

// Blueprints that would take for ever, or all memory, are refused with a reason.
func TestHostileBlueprints(t *testing.T) {
	cases := map[string]struct {
		reason string
		text   func() string
		want   string // part of the error
	}{
		"AliasBomb": {
			reason: "ten aliases of ten aliases of … are a billion texts",
			text: func() string {
				b := header + "dsl_definitions:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
				for i := 1; i < 10; i++ {
					b += fmt.Sprintf("  a%d: &a%d [%s]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10))
				}
				return b
			},
			want: "once its aliases are written out",
		},
		"AliasOfItself": {
			reason: "an anchor inside itself has no end",
			text:   func() string { return header + "dsl_definitions: &a\n  b: *a\n" },
			want:   "contains itself",
		},
		"Depth": {
			reason: "nesting is bounded",
			text:   func() string { return header + "metadata: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) },
			want:   "nested more than",
		},
		"DataTypeBomb": {
			reason: "ten fields of ten fields of … fill in a billion values",
			text: func() string {
				b := header + "data_types:\n  t0: {properties: {x: {default: 1}}}\n"
				for i := 1; i < 10; i++ {
					b += fmt.Sprintf("  t%d:\n    properties:\n", i)
					for j := range 10 {
						b += fmt.Sprintf("      f%d: {type: t%d}\n", j, i-1)
					}
				}
				return b
			},
			want: "data types expand",
		},
		"MergeBomb": {
			reason: "a short text merges a large map very often",
			text: func() string {
				b := header + "dsl_definitions:\n  a: &a {"
				for i := range 2000 {
					b += fmt.Sprintf("k%d: x, ", i)
				}
				return b + "}\n  b: {<<: [" + strings.Repeat("*a, ", 5000) + "]}\n"
			},
			want: "once its aliases are written out",
		},
		"ListBomb": {
			reason: "two bytes make a node of hundreds of bytes",
			text:   func() string { return header + "metadata: {x: [" + strings.Repeat("a,", maxMarks) + "]}" },
			want:   "parts in all its files",
		},
		"FindingsBomb": {
			reason: "a hundred thousand findings help nobody",
			text: func() string {
				return header + "node_templates:\n" + manyNodes(20_000)
			},
			want: "(and 499 more)",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			plan, findings := Compile(oneFile(tc.text()), nil)
			err := findings.Err()
			if plan != nil || err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: %.300v", tc.reason, err)
			}
		})
	}
}

func manyNodes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  node%d: {type: unknown%d}\n", i, i)
	}
	return b.String()
}

// Small plans that multiply to huge deployments are refused.
func TestHostileDeployments(t *testing.T) {
	types := header + `node_types: {t: {}}
relationships:
  cloudify.relationships.depends_on: {properties: {connection_type: {default: all_to_all}}}
  cloudify.relationships.contained_in: {derived_from: cloudify.relationships.depends_on}
node_templates:
`
	cases := map[string]struct{ reason, nodes, want string }{
		"Tree": {
			reason: "counts multiply down the tree",
			nodes: `  a: {type: t, capabilities: {scalable: {properties: {default_instances: 1000}}}}
  b: {type: t, capabilities: {scalable: {properties: {default_instances: 1000}}}, relationships: [{type: cloudify.relationships.contained_in, target: a}]}
`,
			want: "node instances",
		},
		"Links": {
			reason: "all to all is a product",
			nodes: `  a: {type: t, capabilities: {scalable: {properties: {default_instances: 20000}}}}
  b: {type: t, capabilities: {scalable: {properties: {default_instances: 20000}}}, relationships: [{type: cloudify.relationships.depends_on, target: a}]}
`,
			want: "relationships between instances",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			plan, findings := Compile(oneFile(types+tc.nodes), nil)
			if err := findings.Err(); err != nil {
				t.Fatal(err)
			}
			_, err := Instances(plan, counter())
			if orchestrator.ErrorCode(err) != orchestrator.TooLarge || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: %v", tc.reason, err)
			}
		})
	}
}

// endless serves a document for every location, and each imports the next.
type endless struct{ asked *int }

func (e endless) Import(location, _ string) (*Document, error) {
	*e.asked++
	if *e.asked > 10*maxImports {
		return nil, errors.New("this should have ended")
	}
	return &Document{Name: location, Text: fmt.Appendf(nil, "imports: ['%s/x']\n", location)}, nil
}

func TestEndlessImports(t *testing.T) {
	asked := 0
	_, findings := Compile(oneFile(header+"imports: ['https://example.com']\n"), endless{&asked})
	if err := findings.Err(); err == nil || !strings.Contains(err.Error(), "imports more than") {
		t.Error(err)
	}
}

// A file may import itself, and files each other.
func TestCircularImportsAreHarmless(t *testing.T) {
	files := fstest.MapFS{
		"blueprint.yaml": &fstest.MapFile{Data: []byte(header + "imports: [blueprint.yaml, a.yaml]\n")},
		"a.yaml":         &fstest.MapFile{Data: []byte("imports: [b.yaml]\nnode_types: {a: {}}\n")},
		"b.yaml":         &fstest.MapFile{Data: []byte("imports: [a.yaml, blueprint.yaml]\nnode_types: {b: {}}\n")},
	}
	if _, findings := Compile(Source{Files: files, Main: "blueprint.yaml"}, nil); findings.HasErrors() {
		t.Error(findings.Err())
	}
}

// Warnings are bounded like errors.
func TestManyWarnings(t *testing.T) {
	var text strings.Builder
	text.WriteString(header + "metadata:\n")
	for range 2 * maxFindings {
		text.WriteString("  a: 1\n")
	}
	_, findings := Compile(oneFile(text.String()), nil)
	if len(findings) != maxFindings || findings.HasErrors() {
		t.Errorf("%d findings, want %d warnings", len(findings), maxFindings)
	}
}

// A long name makes no long finding, however often an alias puts it somewhere.
func TestLongNames(t *testing.T) {
	text := header + "dsl_definitions: [&long " + strings.Repeat("x", 1<<20) + "]\nnode_templates: {a: {type: *long}, ? *long : {type: t}}\n"
	_, findings := Compile(oneFile(text), nil)
	if len(findings) != 2 {
		t.Errorf("%d findings", len(findings))
	}
	for _, d := range findings {
		if size := len(d.String()) + len(d.Path); size > 3*maxMessage {
			t.Errorf("a finding of %d bytes", size)
		}
	}
}
