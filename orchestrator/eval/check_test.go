package eval

import (
	"strings"
	"testing"
)

// The form of arguments is checked as written, with calls among them, and again
// once these are answered.
func TestCheck(t *testing.T) {
	inner := m{"get_input": "x"}
	cases := map[string]struct {
		call Call
		want string // part of the error; empty: fine
	}{
		"InputName":             {Call{Name: "get_input", Args: "a"}, ""},
		"InputCall":             {Call{Name: "get_input", Args: inner}, ""},
		"InputNumber":           {Call{Name: "get_input", Args: int64(5)}, "takes an input's name"},
		"InputEmpty":            {Call{Name: "get_input", Args: l{}}, "takes an input's name"},
		"InputPathMap":          {Call{Name: "get_input", Args: l{"a", m{"b": "c"}}}, "item 1 of the path is a map"},
		"PropertyShort":         {Call{Name: "get_property", Args: l{"n"}}, "takes a list of a node"},
		"PropertyFloat":         {Call{Name: "get_property", Args: l{"n", "p", 1.5}}, "is a float"},
		"AttributesDict":        {Call{Name: "get_attributes_dict", Args: l{"n", "a", l{"b", int64(0)}}}, ""},
		"AttributesDictTwice":   {Call{Name: "get_attributes_dict", Args: l{"n", "a", l{"a"}}}, `reads "a" twice`},
		"AttributesDictEmpty":   {Call{Name: "get_attributes_dict", Args: l{"n", l{}}}, "not empty"},
		"AttributesDictShort":   {Call{Name: "get_attributes_dict", Args: l{"n"}}, "the attributes to read"},
		"SecretPath":            {Call{Name: "get_secret", Args: l{"s", inner}}, ""},
		"SecretListOfOne":       {Call{Name: "get_secret", Args: l{"s"}}, "takes a secret's name"},
		"CapabilityText":        {Call{Name: "get_capability", Args: "d"}, "takes a list of a deployment"},
		"GroupCapabilities":     {Call{Name: "get_group_capability", Args: l{"g", l{"a", "b"}, "k"}}, ""},
		"GroupCapabilitiesDeep": {Call{Name: "get_group_capability", Args: l{"g", l{l{}}}}, "is a list"},
		"EnvironmentOne":        {Call{Name: "get_environment_capability", Args: l{"c"}}, "takes a capability"},
		"LabelIndex":            {Call{Name: "get_label", Args: l{"k", "1"}}, ""},
		"LabelIndexCall":        {Call{Name: "get_label", Args: l{"k", inner}}, "whole number from 0"},
		"LabelThree":            {Call{Name: "get_label", Args: l{"k", "1", "2"}}, "takes a label's key"},
		"Sys":                   {Call{Name: "get_sys", Args: l{"deployment", "owner"}}, ""},
		"SysEntity":             {Call{Name: "get_sys", Args: l{"server", "name"}}, "knows tenant and deployment"},
		"SysProperty":           {Call{Name: "get_sys", Args: l{"tenant", "id"}}, "knows of tenant only name"},
		"SysLater":              {Call{Name: "get_sys", Args: l{inner, "id"}}, ""},
		"SysShort":              {Call{Name: "get_sys", Args: l{"tenant"}}, "takes a list of an entity"},
		"Consumers":             {Call{Name: "get_consumers", Args: "names"}, ""},
		"ConsumersOther":        {Call{Name: "get_consumers", Args: "all"}, "one of the words"},
		"MergeText":             {Call{Name: "merge", Args: l{"a"}}, "takes only maps"},
		"MergeMap":              {Call{Name: "merge", Args: m{}}, "takes a list of maps"},
		"FindThree":             {Call{Name: "string_find", Args: l{"a", "b", "c"}}, "takes a list of a text"},
		"FindNumber":            {Call{Name: "string_find", Args: l{int64(1), "b"}}, "takes a string as argument 1"},
		"ReplaceCount":          {Call{Name: "string_replace", Args: l{"a", "b", "c", "d"}}, "whole number"},
		"ReplaceTwo":            {Call{Name: "string_replace", Args: l{"a", "b"}}, "takes a list of a text"},
		"SplitIndex":            {Call{Name: "string_split", Args: l{"a", "b", inner}}, ""},
		"SplitOne":              {Call{Name: "string_split", Args: l{"a"}}, "takes a list of a text"},
		"LowerNumber":           {Call{Name: "string_lower", Args: int64(5)}, "takes one string"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := Check(tc.call)
			switch {
			case tc.want == "" && err != nil:
				t.Error(err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}
