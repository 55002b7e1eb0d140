package workflow

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

func TestValidateParameters(t *testing.T) {
	declared := []orchestrator.Input{
		{Name: "ignore_failure", Type: "boolean", HasDefault: true, Default: false},
		{Name: "node_ids", Type: "list", ItemType: "node_id", HasDefault: true, Default: []orchestrator.Value{}},
		{Name: "delta", Type: "integer", Required: true, HasDefault: true, Default: int64(1), Constraints: []orchestrator.Constraint{{Operator: "in_range", Argument: []orchestrator.Value{int64(-5), int64(5)}}}},
		{Name: "operation", Required: true},
		{Name: "note", Type: "string"},
	}
	with := func(more map[string]orchestrator.Value) map[string]orchestrator.Value {
		out := map[string]orchestrator.Value{"ignore_failure": false, "node_ids": []orchestrator.Value{}, "delta": int64(1), "operation": "a.b"}
		for key, value := range more {
			out[key] = value
		}
		return out
	}
	type values = map[string]orchestrator.Value
	cases := map[string]struct {
		reason      string
		given       values
		allowCustom bool
		want        values
		faults      map[string]string
	}{
		"Defaults": {
			reason: "what is not given is the default; what is optional and has none stays away",
			given:  values{"operation": "a.b"}, want: with(nil),
		},
		"Texts": {
			reason: "a command line sends texts; they become what was declared",
			given:  values{"operation": "a.b", "ignore_failure": "True", "delta": "-3", "node_ids": `["vm", "db"]`},
			want:   with(values{"ignore_failure": true, "delta": int64(-3), "node_ids": names("vm", "db")}),
		},
		"NullOfTheOptional": {
			reason: "a form sends null for what was left empty",
			given:  values{"operation": "a.b", "note": nil}, want: with(values{"note": nil}),
		},
		"Custom": {
			reason: "undeclared parameters pass when allowed", allowCustom: true,
			given: values{"operation": "a.b", "extra": int64(1)}, want: with(values{"extra": int64(1)}),
		},
		"MarkStays": {
			reason: "coercion does not take the mark off a secret",
			given:  values{"operation": orchestrator.Mark("a.b")}, want: with(values{"operation": orchestrator.Mark("a.b")}),
		},
		"AllFaultsAtOnce": {
			reason: "one answer names every fault, so that a form shows each beside its field",
			given:  values{"ignore_failure": "perhaps", "node_ids": "vm", "delta": int64(9), "extra": true},
			faults: map[string]string{
				"operation":      "is missing",
				"ignore_failure": "must be true or false",
				"node_ids":       "must be a list",
				"delta":          "must be between -5 and 5",
				"extra":          "is not a parameter of this workflow; take it out, or allow custom parameters",
			},
		},
		"NoValueInTheFault": {
			reason: "a value of the wrong type may be a secret, so the fault does not quote it",
			given:  values{"operation": "a.b", "delta": "hunter2"},
			faults: map[string]string{"delta": "must be an integer"},
		},
		"TextOfAMap": {
			reason: "a map or list is no text",
			given:  values{"operation": "a.b", "note": names("x")},
			faults: map[string]string{"note": "must be a text"},
		},
		"NullOfTheRequired": {
			reason: "null overrides a default, and no integer is null",
			given:  values{"operation": "a.b", "delta": nil},
			faults: map[string]string{"delta": "must be an integer"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := ValidateParameters(declared, tc.given, tc.allowCustom)
			if tc.faults != nil {
				checkFaults(t, tc.reason, tc.faults, err)
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got, cmp.Comparer(sameMark)); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func sameMark(a, b orchestrator.Sensitive) bool { return cmp.Equal(a.Open(), b.Open()) }

func checkFaults(t *testing.T, reason string, want map[string]string, err error) {
	t.Helper()
	got, ok := errors.AsType[*orchestrator.Error](err)
	if !ok {
		t.Fatalf("%s: no *orchestrator.Error: %v", reason, err)
	}
	if diff := cmp.Diff(want, got.Fields); diff != "" {
		t.Errorf("%s: -want +got:\n%s", reason, diff)
	}
	if got.Code != orchestrator.Invalid || got.Reason != "illegal_execution_parameters_error" {
		t.Errorf("code %s, reason %s", got.Code, got.Reason)
	}
	for name, fault := range want {
		if !strings.Contains(got.Message, name+" "+fault) {
			t.Errorf("the sentence %q does not tell of %s", got.Message, name)
		}
	}
}

func TestConstraints(t *testing.T) {
	cases := map[string]struct {
		reason     string
		constraint orchestrator.Constraint
		holds      []orchestrator.Value
		breaks     []orchestrator.Value
		words      string
	}{
		"Equal":          {"whole and broken numbers are one kind", orchestrator.Constraint{Operator: "equal", Argument: int64(3)}, anyOf(int64(3), 3.0), anyOf(int64(4), "3"), "must be 3"},
		"GreaterThan":    {"the bound is outside", orchestrator.Constraint{Operator: "greater_than", Argument: int64(3)}, anyOf(3.1), anyOf(int64(3), "x"), "must be above 3"},
		"GreaterOrEqual": {"the bound is inside", orchestrator.Constraint{Operator: "greater_or_equal", Argument: int64(3)}, anyOf(int64(3)), anyOf(2.9), "must be at least 3"},
		"LessThan":       {"the bound is outside", orchestrator.Constraint{Operator: "less_than", Argument: int64(3)}, anyOf(2.9), anyOf(int64(3)), "must be below 3"},
		"LessOrEqual":    {"the bound is inside", orchestrator.Constraint{Operator: "less_or_equal", Argument: int64(3)}, anyOf(int64(3)), anyOf(3.1), "must be at most 3"},
		"InRange":        {"both bounds are inside", orchestrator.Constraint{Operator: "in_range", Argument: anyOf(int64(1), int64(2))}, anyOf(int64(1), int64(2)), anyOf(int64(0), int64(3), nil), "must be between 1 and 2"},
		"ValidValues":    {"only what is listed", orchestrator.Constraint{Operator: "valid_values", Argument: names("a", "b")}, anyOf("a", "b"), anyOf("c", nil), "must be one of a, b"},
		"Length":         {"counted in characters", orchestrator.Constraint{Operator: "length", Argument: int64(2)}, anyOf("äö", names("x", "y")), anyOf("abc", int64(2)), "must have a length of exactly 2"},
		"MinLength":      {"of maps, too", orchestrator.Constraint{Operator: "min_length", Argument: int64(1)}, anyOf("a", map[string]orchestrator.Value{"k": nil}), anyOf("", []orchestrator.Value{}), "must have a length of at least 1"},
		"MaxLength":      {"the bound is inside", orchestrator.Constraint{Operator: "max_length", Argument: int64(1)}, anyOf("a"), anyOf("ab"), "must have a length of at most 1"},
		"Pattern":        {"from the start, open at the end", orchestrator.Constraint{Operator: "pattern", Argument: "a|b"}, anyOf("a", "bz"), anyOf("za", int64(1)), "must match a|b"},
		"OwnWords":       {"the author's message replaces ours", orchestrator.Constraint{Operator: "pattern", Argument: "a", Message: "starts with a, please"}, anyOf("a"), anyOf("b"), "starts with a, please"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, value := range tc.holds {
				if fault := firstBroken([]orchestrator.Constraint{tc.constraint}, value); fault != "" {
					t.Errorf("%s: %v breaks it: %s", tc.reason, value, fault)
				}
			}
			for _, value := range tc.breaks {
				if fault := firstBroken([]orchestrator.Constraint{tc.constraint}, value); fault != tc.words {
					t.Errorf("%s: of %v it says %q, want %q", tc.reason, value, fault, tc.words)
				}
			}
		})
	}
}

func anyOf(values ...orchestrator.Value) []orchestrator.Value { return values }

func TestAvailable(t *testing.T) {
	off := false
	rule := func(active ...string) *orchestrator.AvailabilityRules {
		return &orchestrator.AvailabilityRules{NodeInstancesActive: active}
	}
	started, blank, gone, halfway := orchestrator.InstanceStarted, orchestrator.Uninitialized, orchestrator.Deleted, orchestrator.Creating
	cases := map[string]struct {
		reason string
		rules  *orchestrator.AvailabilityRules
		states []orchestrator.InstanceState
		want   bool
		why    string
	}{
		"NoRules":           {"custom workflows have none", nil, []orchestrator.InstanceState{started}, true, ""},
		"TurnedOff":         {"available: false", &orchestrator.AvailabilityRules{Available: &off}, nil, false, "The blueprint has turned this workflow off."},
		"TypeMissing":       {"agents need a host", &orchestrator.AvailabilityRules{NodeTypesRequired: []string{"cloudify.nodes.Compute"}}, nil, false, "This workflow needs a node of type cloudify.nodes.Compute, and the blueprint has none."},
		"InstallFresh":      {"none is started", rule("none", "partial"), []orchestrator.InstanceState{blank, blank}, true, ""},
		"InstallHalfway":    {"some are started, or on their way", rule("none", "partial"), []orchestrator.InstanceState{started, halfway}, true, ""},
		"InstallComplete":   {"all are started", rule("none", "partial"), []orchestrator.InstanceState{started, started}, false, "Everything is started already (2 of 2 instances). Use force to run it all the same."},
		"UninstallComplete": {"all are started", rule("all", "partial"), []orchestrator.InstanceState{started}, true, ""},
		"UninstallHalfway":  {"a failed install leaves something to take down", rule("all", "partial"), []orchestrator.InstanceState{halfway, blank}, true, ""},
		"UninstallFresh":    {"nothing is there", rule("all", "partial"), []orchestrator.InstanceState{blank, gone}, false, "Nothing is installed yet. Run install first, or use force."},
		"InstallEmpty":      {"none of zero instances is started", rule("none"), nil, true, ""},
		"PartialMixed":      {"neither all nor none", rule("none", "all"), []orchestrator.InstanceState{started, blank}, false, "1 of 2 instances are started, which is not what this workflow needs. Use force to run it all the same."},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var instances []orchestrator.NodeInstance
			for _, state := range tc.states {
				instances = append(instances, orchestrator.NodeInstance{State: state})
			}
			got, why := Available(tc.rules, &orchestrator.Plan{}, instances)
			if got != tc.want || why != tc.why {
				t.Errorf("%s: got %t %q, want %t %q", tc.reason, got, why, tc.want, tc.why)
			}
		})
	}
}
