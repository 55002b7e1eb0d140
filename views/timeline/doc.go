// Package timeline lays out when the nodes of an execution were worked on: a row
// for each node, grouped by component, a bar for each operation, and the longest
// chain of operations that waited for each other. It knows steps, times and
// order; it refuses to know colours, words, addresses of pages and where the
// steps came from.
//
// The longest chain is why the execution took as long as it did: it is found
// backwards from what ended last, each time to the step that was waited for
// longest. What is not on it had slack.
package timeline
