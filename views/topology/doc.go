// Package topology lays out what an environment is made of: containers within
// containers, nodes, and what must be up before what. It turns names and edges
// into places, left to right in the order of start; it knows nothing of SVG,
// colours, deployments or time, and the same graph always yields the same sheet.
//
// The method is the usual one for layered drawings, kept small: leave out edges
// that a longer path implies, put each item one column after the last thing it
// waits for, give edges that pass a column a place in it, order each column by
// where its neighbours are, then stack. A container is laid out first and is
// then one item of its parent, so no edge ever crosses a container's wall.
package topology
