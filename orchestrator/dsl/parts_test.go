package dsl

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestConstraints(t *testing.T) {
	type l = []Value
	cases := map[string]struct {
		reason          string
		operator        string
		value, argument Value
		want            bool
		err             bool
	}{
		"Equal":          {reason: "numbers compare across kinds", operator: "equal", value: int64(1), argument: 1.0, want: true},
		"EqualTrue":      {reason: "true is one, as in the original", operator: "equal", value: true, argument: int64(1), want: true},
		"EqualText":      {reason: "a text is no number", operator: "equal", value: "1", argument: int64(1)},
		"Greater":        {reason: "strictly", operator: "greater_than", value: int64(1), argument: int64(1)},
		"AtLeast":        {reason: "or equal", operator: "greater_or_equal", value: int64(1), argument: int64(1), want: true},
		"Less":           {reason: "strictly", operator: "less_than", value: 0.5, argument: int64(1), want: true},
		"AtMost":         {reason: "or equal", operator: "less_or_equal", value: int64(2), argument: int64(1)},
		"CompareText":    {reason: "a text cannot be compared", operator: "less_than", value: "a", argument: int64(1), err: true},
		"InRange":        {reason: "bounds included", operator: "in_range", value: int64(5), argument: l{int64(1), int64(5)}, want: true},
		"BelowRange":     {reason: "below", operator: "in_range", value: int64(0), argument: l{int64(1), int64(5)}},
		"ValidValues":    {reason: "deep values are members, too", operator: "valid_values", value: l{"a"}, argument: l{"b", l{"a"}}, want: true},
		"Length":         {reason: "of a text in characters", operator: "length", value: "äö", argument: int64(2), want: true},
		"MinLength":      {reason: "of a map", operator: "min_length", value: map[string]Value{"a": nil}, argument: int64(2)},
		"MaxLength":      {reason: "of a list", operator: "max_length", value: l{nil}, argument: int64(1), want: true},
		"LengthOfNumber": {reason: "a number has none", operator: "length", value: int64(5), argument: int64(1), err: true},
		"Pattern":        {reason: "from the start, not to the end", operator: "pattern", value: "abc", argument: "ab", want: true},
		"PatternStart":   {reason: "not in the middle", operator: "pattern", value: "xab", argument: "ab"},
		"PatternEither":  {reason: "an alternative is anchored as a whole", operator: "pattern", value: "xb", argument: "a|b"},
		"PatternEnd":     {reason: `\Z is the end`, operator: "pattern", value: "ab", argument: `a\Z`},
		"PatternNumber":  {reason: "a number is no text", operator: "pattern", value: int64(5), argument: "5", err: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := operators[tc.operator].holds(tc.value, tc.argument)
			if got != tc.want || (err != nil) != tc.err {
				t.Errorf("%s: %v, %v", tc.reason, got, err)
			}
		})
	}
}

func TestVersionParts(t *testing.T) {
	cases := map[string]struct {
		want []int
		code int
	}{
		"cloudify_dsl_1_3":   {want: []int{1, 3, -1}},
		"cloudify_dsl_1_3_2": {want: []int{1, 3, 2}},
		"":                   {code: codeVersionMissing},
		"cloudify_1_3":       {code: codeVersionFormat},
		"cloudify_dsl_1":     {code: codeVersionFormat},
		"cloudify_dsl_a_3":   {code: codeVersionMajor},
		"cloudify_dsl_1_b":   {code: codeVersionMinor},
		"cloudify_dsl_1_3_c": {code: codeVersionMicro},
	}
	for text, tc := range cases {
		t.Run(text, func(t *testing.T) {
			major, minor, micro, err := VersionParts(text)
			code := 0
			if e, ok := errors.AsType[*VersionError](err); ok {
				code = e.Code
			}
			if code != tc.code {
				t.Fatalf("code %d, want %d", code, tc.code)
			}
			if diff := cmp.Diff(tc.want, []int{major, minor, micro}); err == nil && diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRewrite(t *testing.T) {
	rules := []RewriteRule{{"https://a/", "https://mirror/a/"}, {"https://", "http://"}}
	cases := map[string]struct {
		reason   string
		location string
		fallback bool
		want     []string
	}{
		"NoRule":   {"no rule matches", "plugin:x", false, []string{"plugin:x"}},
		"All":      {"every rule that matches, in order", "https://a/t.yaml", false, []string{"https://mirror/a/t.yaml", "http://a/t.yaml"}},
		"Fallback": {"then the location itself", "https://b/t.yaml", true, []string{"http://b/t.yaml", "https://b/t.yaml"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Rewrite(rules, tc.fallback, tc.location)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestPluginFile(t *testing.T) {
	cases := map[string]struct {
		reason string
		files  []string
		want   string
	}{
		"Exact":   {"the file for the version", []string{"plugin.yaml", "plugin_1_3.yaml", "plugin_1_4.yaml"}, "plugin_1_3.yaml"},
		"Plain":   {"else the one for none", []string{"plugin_1_4.yaml", "plugin.yaml"}, "plugin.yaml"},
		"Newest":  {"else the last", []string{"plugin_1_5.yaml", "plugin_1_4.yaml"}, "plugin_1_5.yaml"},
		"Nothing": {"there is none", nil, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := PluginFile(tc.files, "cloudify_dsl_1_3"); got != tc.want {
				t.Errorf("%s: %q", tc.reason, got)
			}
		})
	}
}

// A plugin's record replaces what its text says of labels and tags.
func TestPluginRecord(t *testing.T) {
	importer := recorded{&Document{
		Text: []byte("labels: {written: {values: [a]}}\nresource_tags: {written: x}\n"),
		Record: &PluginRecord{Labels: map[string][]Value{"stored": {"b"}}, BlueprintLabels: map[string][]Value{"too": {"c"}},
			ResourceTags: map[string]Value{"tag": "d"}},
	}}
	plan, findings := Compile(oneFile(header+"imports: ['plugin:x']\n"), importer)
	if err := findings.Err(); err != nil {
		t.Fatal(err)
	}
	got := []any{plan.Labels, plan.BlueprintLabels, plan.ResourceTags}
	want := []any{map[string][]Value{"stored": {"b"}}, map[string][]Value{"too": {"c"}}, map[string]Value{"tag": "d"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

type recorded struct{ document *Document }

func (r recorded) Import(string, string) (*Document, error) { return r.document, nil }

// What an import gives a plugin, and the defaults of what it does not give.
func TestPluginPropertyValues(t *testing.T) {
	importer := recorded{&Document{Text: []byte(`plugins:
  p:
    executor: central_deployment_agent
    install: false
    properties: {given: {type: string, default: x}, kept: {default: 5}, absent: {type: string}}
workflows: {w: p.w}
`)}}
	plan, findings := Compile(oneFile(header+"imports: ['plugin:p': {given: y}]\n"), importer)
	if err := findings.Err(); err != nil {
		t.Fatal(err)
	}
	want := map[string]Value{"given": "y", "kept": int64(5)}
	if diff := cmp.Diff(want, plan.Plugins["p"].PropertyValues()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
