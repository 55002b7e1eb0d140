// Package graph orders anything that depends on anything. It knows keys and
// what each needs; it refuses to know what the keys stand for.
package graph

import (
	"fmt"
	"strings"
)

// Graph holds keys and, for each, the keys it needs. The order in which keys
// and needs were added decides every tie, so results are stable. The zero Graph
// is empty and ready.
type Graph[K comparable] struct {
	keys  []K
	needs map[K][]K
}

// Add adds key, and says that it needs the others; these are added too.
// Calling it again adds further needs.
func (g *Graph[K]) Add(key K, needs ...K) {
	g.touch(key)
	for _, need := range needs {
		g.touch(need)
		g.needs[key] = append(g.needs[key], need)
	}
}

func (g *Graph[K]) touch(key K) {
	if g.needs == nil {
		g.needs = map[K][]K{}
	}
	if _, ok := g.needs[key]; !ok {
		g.needs[key] = nil
		g.keys = append(g.keys, key)
	}
}

// Keys returns all keys in the order in which they were added.
func (g *Graph[K]) Keys() []K { return append([]K(nil), g.keys...) }

// Needs returns what key needs directly.
func (g *Graph[K]) Needs(key K) []K { return append([]K(nil), g.needs[key]...) }

// Order returns the keys so that each comes after everything it needs, or a
// *CycleError that names a cycle.
func (g *Graph[K]) Order() ([]K, error) {
	order, cycles := g.visit()
	if len(cycles) > 0 {
		return nil, cycles[0]
	}
	return order, nil
}

// Cycles returns one *CycleError for each need that closes a cycle; none when
// the graph can be ordered.
func (g *Graph[K]) Cycles() []*CycleError[K] {
	_, cycles := g.visit()
	return cycles
}

// visit walks depth first, with its own stack so that a long chain costs heap,
// not call depth.
func (g *Graph[K]) visit() ([]K, []*CycleError[K]) {
	const onPath, done = 1, 2
	type frame struct {
		key  K
		next int
	}
	var (
		order  []K
		cycles []*CycleError[K]
		state  = make(map[K]int, len(g.keys))
	)
	for _, root := range g.keys {
		if state[root] == done {
			continue
		}
		stack := []frame{{key: root}}
		state[root] = onPath
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if top.next == len(g.needs[top.key]) {
				state[top.key] = done
				order = append(order, top.key)
				stack = stack[:len(stack)-1]
				continue
			}
			need := g.needs[top.key][top.next]
			top.next++
			switch state[need] {
			case done:
			case onPath:
				cycle := &CycleError[K]{}
				for i := len(stack) - 1; ; i-- {
					cycle.Cycle = append([]K{stack[i].key}, cycle.Cycle...)
					if stack[i].key == need {
						break
					}
				}
				cycles = append(cycles, cycle)
			default:
				state[need] = onPath
				stack = append(stack, frame{key: need})
			}
		}
	}
	return order, cycles
}

// CycleError says which keys need each other in a circle.
type CycleError[K comparable] struct {
	// Cycle lists the keys, each needing the next and the last the first.
	Cycle []K
}

func (e *CycleError[K]) Error() string {
	names := make([]string, 0, len(e.Cycle)+1)
	for _, key := range e.Cycle {
		names = append(names, fmt.Sprint(key))
	}
	names = append(names, names[0])
	return "circular dependency: " + strings.Join(names, " -> ")
}
