// Package dsl turns the text of a blueprint into a complete Plan, or explains
// why it cannot. It knows the Cloudify DSL from 1_0 to 1_5: YAML 1.1, imports
// and namespaces, types and inheritance, operations, relationships, scaling,
// and what the creation of a deployment makes of a plan: input values, the
// static functions, node instances.
//
// It refuses to know where an import that is no file of the archive comes from
// (an Importer answers), which secrets exist, and the time of day. All findings
// of a blueprint are reported together, each with its position.
//
// Reading order: compile.go (the stages), yaml.go and document.go (text to
// tree), imports.go, merge.go and namespace.go (many trees to one), shape.go
// (structure), then one file per noun, and for creation resolve.go, prepare.go
// and instances.go.
package dsl
