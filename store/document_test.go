package store

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

func TestDocumentsKeepNumbers(t *testing.T) {
	type values = map[string]orchestrator.Value
	tests := map[string]struct {
		reason string
		value  orchestrator.Value
	}{
		"Whole":     {"a whole number stays one", int64(1)},
		"WholeLike": {"a float that happens to be whole stays a float", 1.0},
		"Negative":  {"on both sides of zero", -3.0},
		"Fraction":  {"nothing is rounded", 0.1},
		"Large":     {"beyond what a float holds exactly", int64(math.MaxInt64)},
		"LargeReal": {"in scientific notation", 1e300},
		"Nested":    {"at any depth", []orchestrator.Value{values{"a": []orchestrator.Value{2.0, int64(2), nil, true, "2"}}}},
		"Empty":     {"an empty map is a map", values{}},
		"None":      {"nothing is nothing", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := []orchestrator.Output{{Name: "o", Value: test.value}}
			text, err := toJSON(want)
			if err != nil {
				t.Fatal(err)
			}
			var got []orchestrator.Output
			if err := fromJSON(text, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

func TestDocumentsDoNotTouchWhatTheyWrite(t *testing.T) {
	list := []orchestrator.Value{1.0}
	plan := &orchestrator.Plan{Metadata: map[string]orchestrator.Value{"list": list}}
	if _, err := toJSON(plan); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]orchestrator.Value{1.0}, list); diff != "" {
		t.Errorf("a plan is shared and must stay as it is (-want +got):\n%s", diff)
	}
}

func TestDocumentsHideMarkedValues(t *testing.T) {
	text, err := toJSON(map[string]orchestrator.Value{"password": orchestrator.Mark("x")})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"password":null}`; text != want {
		t.Errorf("a clear column got %s, want %s", text, want)
	}
}
