// Package diag says what is wrong in a blueprint, where, and how to mend it. It
// knows severities, the numbered codes of the DSL, positions and import chains,
// and how to draw an excerpt with a caret. It refuses to know YAML, plans and
// where texts come from: whoever renders hands in the sources.
package diag
