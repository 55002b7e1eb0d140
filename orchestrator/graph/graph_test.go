package graph

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOrder(t *testing.T) {
	cases := map[string]struct {
		reason string
		add    [][]string // key followed by what it needs
		want   []string
		cycle  []string
	}{
		"Empty":   {reason: "nothing orders to nothing"},
		"Chain":   {reason: "needed keys come first", add: [][]string{{"app", "db"}, {"db", "vm"}}, want: []string{"vm", "db", "app"}},
		"Diamond": {reason: "a key needed twice appears once", add: [][]string{{"a", "b", "c"}, {"b", "d"}, {"c", "d"}}, want: []string{"d", "b", "c", "a"}},
		"Stable":  {reason: "independent keys keep the order in which they were added", add: [][]string{{"z"}, {"a"}, {"m"}}, want: []string{"z", "a", "m"}},
		"Self":    {reason: "a key that needs itself is the smallest cycle", add: [][]string{{"a", "a"}}, cycle: []string{"a"}},
		"Cycle":   {reason: "only the keys on the cycle are named", add: [][]string{{"x", "a"}, {"a", "b"}, {"b", "c"}, {"c", "a"}}, cycle: []string{"a", "b", "c"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var g Graph[string]
			for _, keys := range tc.add {
				g.Add(keys[0], keys[1:]...)
			}
			order, err := g.Order()
			var cycle []string
			if c, ok := err.(*CycleError[string]); ok { //nolint:errorlint // Order documents the concrete type
				cycle = c.Cycle
			}
			if diff := cmp.Diff(tc.want, order); diff != "" {
				t.Errorf("%s: order (-want +got):\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.cycle, cycle); diff != "" {
				t.Errorf("%s: cycle (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// Whatever the edges, as long as they only point to lower numbers, every key
// comes after all it needs.
func TestOrderHoldsForRandomGraphs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var g Graph[int]
		for key := range 30 {
			g.Add(key)
			for range random.IntN(4) {
				if key > 0 {
					g.Add(key, random.IntN(key))
				}
			}
		}
		order, err := g.Order()
		if err != nil {
			t.Fatal(err)
		}
		for at, key := range order {
			for _, need := range g.Needs(key) {
				if slices.Index(order, need) > at {
					t.Fatalf("%d comes before %d, which it needs: %v", key, need, order)
				}
			}
		}
	}
}

func TestCycles(t *testing.T) {
	var g Graph[string]
	g.Add("app", "db", "cache")
	g.Add("db", "vm")
	g.Add("vm", "app")
	g.Add("x", "y")
	g.Add("y", "x")
	var got []string
	for _, c := range g.Cycles() {
		got = append(got, c.Error())
	}
	want := []string{"circular dependency: app -> db -> vm -> app", "circular dependency: x -> y -> x"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("every circle is named (-want +got):\n%s", diff)
	}
}

// A chain as long as a large blueprint costs heap, not call depth.
func TestLongChain(t *testing.T) {
	var g Graph[int]
	for key := range 500_000 {
		g.Add(key, key+1)
	}
	order, err := g.Order()
	if err != nil || order[0] != 500_000 {
		t.Fatal(err)
	}
}
