package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseValues(t *testing.T) {
	cases := map[string]struct {
		reason string
		given  []string
		want   map[string]any
		fails  bool
	}{
		"None":      {reason: "no inputs are an empty map, not null", want: map[string]any{}},
		"Pair":      {reason: "a value is a text; the server knows the type", given: []string{"size=3"}, want: map[string]any{"size": "3"}},
		"Several":   {reason: "cfy separates by semicolons", given: []string{"a=1; b=2;"}, want: map[string]any{"a": "1", "b": "2"}},
		"Escaped":   {reason: "an escaped semicolon belongs to the value", given: []string{`a=1\;2`}, want: map[string]any{"a": "1;2"}},
		"Equals":    {reason: "only the first equals sign separates", given: []string{"a=b=c"}, want: map[string]any{"a": "b=c"}},
		"Empty":     {reason: "a value may be empty", given: []string{"a="}, want: map[string]any{"a": ""}},
		"JSON":      {reason: "JSON has types", given: []string{`{"a": [1, true]}`}, want: map[string]any{"a": []any{1, true}}},
		"Later":     {reason: "the last one wins", given: []string{"a=1", `{"a": 2}`}, want: map[string]any{"a": 2}},
		"ErrWord":   {reason: "a word alone is nothing", given: []string{"word"}, fails: true},
		"ErrJSON":   {reason: "broken JSON is not guessed at", given: []string{`{"a": `}, fails: true},
		"ErrNumber": {reason: "what JSON cannot say cannot be sent", given: []string{`{a: {1: x}}`}, fails: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := parseValues(tc.given)
			if (err != nil) != tc.fails {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got); !tc.fails && diff != "" {
				t.Errorf("%s:\n%s", tc.reason, diff)
			}
		})
	}
}
