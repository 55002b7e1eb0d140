package azure

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func testPlan() *plan {
	return &plan{
		subscription: "s",
		group:        document{"id": "/subscriptions/s/resourceGroups/g", "name": "g", "location": "westeurope"},
		parameters:   document{"name": "db", "sizes": []any{32.0, 64.0}, "map": document{"inner": document{"key": "v"}}},
		variables:    document{"full": "[concat(parameters('name'), '-server')]", "loop": "[variables('loop')]"},
	}
}

func TestEvaluate(t *testing.T) {
	tests := map[string]struct {
		reason string
		value  any
		want   any
		fails  bool
	}{
		"Plain":       {"a text without brackets is itself", "hello", "hello", false},
		"Escaped":     {"two brackets are one", "[[not an expression]", "[not an expression]", false},
		"Parameter":   {"parameters by name", "[parameters('name')]", "db", false},
		"Concat":      {"nested calls, with blanks", "[concat( parameters('name') , '/', 'rule' )]", "db/rule", false},
		"Quote":       {"two quotes are one", "['it''s']", "it's", false},
		"Index":       {"an index into a list", "[parameters('sizes')[1]]", 64.0, false},
		"Path":        {"names after a call, and in brackets", "[parameters('map').inner['key']]", "v", false},
		"Variable":    {"variables are expressions too", "[variables('full')]", "db-server", false},
		"Group":       {"the resource group", "[resourceGroup().location]", "westeurope", false},
		"Format":      {"numbered places", "[format('{0}-{1}', 'a', 7)]", "a-7", false},
		"ResourceID":  {"a nested type takes as many names", "[resourceId('M.X/a/b', 'n', 'm')]", "/subscriptions/s/resourceGroups/g/providers/M.X/a/n/b/m", false},
		"Deep":        {"inside of maps and lists", document{"a": []any{"[toUpper('x')]"}}, document{"a": []any{"X"}}, false},
		"ErrUnknown":  {"a function that is not rehearsed", "[copyIndex()]", nil, true},
		"ErrMissing":  {"a parameter that is not there", "[parameters('other')]", nil, true},
		"ErrNames":    {"too few names for the type", "[resourceId('M.X/a/b', 'n')]", nil, true},
		"ErrTrailing": {"something after the end", "[concat('a') b]", nil, true},
		"ErrOpen":     {"a text without an end", "[concat('a]", nil, true},
		"ErrRange":    {"an index out of range", "[parameters('sizes')[2]]", nil, true},
		"ErrComma":    {"a comma left out", "[concat('a' 'b')]", nil, true},
		"ErrLoop":     {"a variable that names itself", "[variables('loop')]", nil, true},
		"ErrDeep":     {"calls without end", "[" + strings.Repeat("concat(", 10000) + "]", nil, true},
		"ErrNoArgs":   {"format without a pattern", "[format()]", nil, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := testPlan().evaluate(test.value, nil)
			if (err != nil) != test.fails {
				t.Fatalf("%s: error %v, want one: %t", test.reason, err, test.fails)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

func FuzzExpression(f *testing.F) {
	for _, seed := range []string{"concat('a', parameters('name'))", "parameters('sizes')[0]", "a(b(c('", "-", "x.y[", "format('{0}', 1)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		value, err := testPlan().expression(source, nil)
		if err != nil && value != nil {
			t.Errorf("both a value and an error: %v, %v", value, err)
		}
	})
}
