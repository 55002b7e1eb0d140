package dsl

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/slipwayhq/slipway/orchestrator"
)

// largeBlueprint has n nodes: hosts, each with applications that are contained
// in it and connected to the previous one, with properties and operations that
// hold functions.
func largeBlueprint(n int) Source {
	var b strings.Builder
	b.WriteString(`tosca_definitions_version: cloudify_dsl_1_5
plugins:
  p: {executor: central_deployment_agent, install: false}
inputs:
  region: {type: string, default: here}
data_types:
  endpoint:
    properties:
      host: {type: string, default: localhost}
      port: {type: integer, default: 80}
node_types:
  root:
    interfaces:
      cloudify.interfaces.lifecycle: {create: p.create, configure: {}, start: p.start, stop: p.stop, delete: p.delete}
  cloudify.nodes.Compute: {derived_from: root, properties: {ip: {default: ''}}}
  app:
    derived_from: root
    properties:
      endpoint: {type: endpoint}
      name: {type: string}
      replicas: {type: integer, default: 1}
relationships:
  cloudify.relationships.depends_on: {properties: {connection_type: {default: all_to_all}}}
  cloudify.relationships.connected_to:
    derived_from: cloudify.relationships.depends_on
    source_interfaces: {cloudify.interfaces.relationship_lifecycle: {establish: {implementation: p.establish, inputs: {x: {default: {get_attribute: [TARGET, ip]}}}}}}
  cloudify.relationships.contained_in: {derived_from: cloudify.relationships.depends_on}
node_templates:
`)
	for i := range n {
		if i%10 == 0 {
			fmt.Fprintf(&b, "  host%d: {type: cloudify.nodes.Compute}\n", i)
			continue
		}
		fmt.Fprintf(&b, `  app%d:
    type: app
    properties:
      name: {concat: [{get_input: region}, '-app%d']}
      endpoint: {port: %d}
    interfaces:
      cloudify.interfaces.lifecycle:
        start: {implementation: p.start, inputs: {host: {get_attribute: [SELF, ip]}, name: {get_property: [SELF, name]}}}
    relationships:
      - {type: cloudify.relationships.contained_in, target: host%d}
`, i, i, i%65536, i/10*10)
		if i%10 > 1 {
			fmt.Fprintf(&b, "      - {type: cloudify.relationships.connected_to, target: app%d}\n", i-1)
		}
	}
	return Source{Files: fstest.MapFS{"blueprint.yaml": &fstest.MapFile{Data: []byte(b.String())}}, Main: "blueprint.yaml"}
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000, 50_000} {
		source := largeBlueprint(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, findings := Compile(source, nil); findings.HasErrors() {
					b.Fatal(findings.Err())
				}
			}
		})
	}
}

// Allocations stand for time, which a busy machine does not tell: eight times
// the nodes may cost no more than n log n allows.
func TestCompileGrowsNoFasterThanNLogN(t *testing.T) {
	const small, large = 500, 4_000
	allocs := func(n int) float64 {
		source := largeBlueprint(n)
		return testing.AllocsPerRun(1, func() {
			if _, findings := Compile(source, nil); findings.HasErrors() {
				t.Fatal(findings.Err())
			}
		})
	}
	most := large * math.Log(large) / (small * math.Log(small))
	if ratio := allocs(large) / allocs(small); ratio > most {
		t.Errorf("%d nodes take %.1f times the allocations of %d, want at most %.1f", large, ratio, small, most)
	}
}

func BenchmarkPrepare(b *testing.B) {
	plan, findings := Compile(largeBlueprint(10_000), nil)
	if findings.HasErrors() {
		b.Fatal(findings.Err())
	}
	b.ReportAllocs()
	for b.Loop() {
		inputs, err := ResolveInputs(plan, nil, InputOptions{})
		if err != nil {
			b.Fatal(err)
		}
		prepared, err := Prepare(plan, inputs, PrepareOptions{})
		if err != nil {
			b.Fatal(err)
		}
		var instances []orchestrator.NodeInstance
		if instances, err = Instances(prepared, counter()); err != nil || len(instances) != 10_000 {
			b.Fatal(len(instances), err)
		}
	}
}
