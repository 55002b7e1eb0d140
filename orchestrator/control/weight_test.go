package control

import (
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
)

func TestCheckWeight(t *testing.T) {
	long := strings.Repeat("x", 1000)
	nodes := func(n int, value orchestrator.Value) *orchestrator.Plan {
		plan := &orchestrator.Plan{}
		for range n {
			plan.Nodes = append(plan.Nodes, orchestrator.Node{Properties: map[string]orchestrator.Value{"text": value}})
		}
		return plan
	}
	for name, tc := range map[string]struct {
		reason string
		plan   *orchestrator.Plan
		code   orchestrator.Code
	}{
		"OK":           {"a few nodes", nodes(10, long), ""},
		"ErrInherited": {"a text that all nodes share is written out for each", nodes(200, long), orchestrator.TooLarge},
		"ErrNested":    {"in whatever it lies", nodes(20, []orchestrator.Value{map[string]orchestrator.Value{"a": long}, orchestrator.Mark(map[string]orchestrator.Value{"b": strings.Repeat(long, 5)})}), orchestrator.TooLarge},
		"ErrKeys":      {"keys count", nodes(20, map[string]orchestrator.Value{strings.Repeat(long, 6): nil}), orchestrator.TooLarge},
		"ErrMany":      {"many small values count", nodes(2, make([]orchestrator.Value, 10_000)), orchestrator.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			if err := checkWeight(tc.plan, 100_000); orchestrator.ErrorCode(err) != tc.code {
				t.Errorf("%s: %v", tc.reason, err)
			}
		})
	}
}
