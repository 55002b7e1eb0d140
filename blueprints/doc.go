// Package blueprints is the catalogue that ships in the binary: the built-in
// types and plugin type files that blueprints import, the component blueprints
// of the bundled environments, a workload, and a sample eaas_params. It knows
// where each of them is and which import location means which file. It refuses
// to know what they mean: it compiles nothing and runs nothing.
package blueprints
