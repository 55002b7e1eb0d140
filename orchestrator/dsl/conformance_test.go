package dsl

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/diag"
)

// The recorded cases lie beside the repository, not in it.
const conformanceFolder = "../../../shared/conformance/dsl"

// conformanceCase is one recorded case; the folder's README gives the format.
type conformanceCase struct {
	ID, Kind string
	Version  string
	Main     *string
	Imports  map[string]string
	Args     map[string]Value
	Quirk    string
	Expect   struct {
		OK    Value
		Error *struct {
			Class    string
			Code     Value
			Message  string
			Attempts Value
		}
	}
}

func readCases(t testing.TB) []conformanceCase {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(conformanceFolder, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("conformance cases: the folder " + conformanceFolder + " is not there")
	}
	var cases []conformanceCase
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(data))
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			cases = append(cases, readCase(t, lines.Bytes()))
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return cases
}

func readCase(t testing.TB, line []byte) conformanceCase {
	t.Helper()
	var raw struct {
		ID, Kind, Version, Quirk string
		Main                     *string
		Imports                  map[string]string
		Args, Expect             json.RawMessage
	}
	if err := json.Unmarshal(line, &raw); err != nil {
		t.Fatal(err)
	}
	c := conformanceCase{ID: raw.ID, Kind: raw.Kind, Version: raw.Version, Quirk: raw.Quirk, Main: raw.Main, Imports: raw.Imports}
	decode := func(data []byte, into any) {
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		if err := decoder.Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	var args map[string]any
	decode(raw.Args, &args)
	c.Args, _ = orchestrator.FromJSON(args).(map[string]Value)
	decode(raw.Expect, &c.Expect)
	c.Expect.OK = orchestrator.FromJSON(c.Expect.OK)
	return c
}

// accepted are the cases in which we differ on purpose, with the reason;
// docs/dsl-compatibility.md tells more of each.
var accepted = map[string]string{
	"blueprint_import/TestImportedBlueprints.test_merge_imported_lists/parse/1":       "an imported blueprint is compiled from its own text, which has no such section",
	"blueprint_import/TestNamespacesMapping.test_merging_namespaces_mapping/parse/1":  "an imported blueprint is compiled from its own text, which has no such section",
	"inputs/TestInputsTypeValidation.test_validate_string_value_successful/prepare/2": "a list is no string",
	"probes/fn_get_property_through_function/prepare/1":                               "the result does not depend on the order of evaluation",
	"probes/fn_two_functions_in_one_dict/prepare/1":                                   "a map with two keys that name functions is data",
	"probes/input_constraint_function_argument/prepare/1":                             "functions in constraints are evaluated",
	"probes/input_object_type_default/parse/1":                                        "a default of an object type is looked up at creation, not refused",
	"probes/namespace_attributes_list_is_not_prefixed/parse/1":                        "all functions that name nodes follow a namespace",
	"probes/namespace_deployment_settings/parse/1":                                    "settings keep their names",
	"probes/namespace_everything/parse/1":                                             "functions in resource_tags follow a namespace",
	"probes/namespace_function_in_label_is_not_prefixed/parse/1":                      "functions in lists follow a namespace",
	"probes/namespace_function_in_output_list/parse/1":                                "functions in lists follow a namespace",
	"probes/namespace_plain_strings/parse/1":                                          "a plain text is no name and stays as it is",
	"probes/namespace_plugin_properties/parse/1":                                      "properties of plugins keep their names",
	"probes/node_types_null_body/parse/1":                                             "a type without a body is an empty type; the reference crashes",
	"probes/null_property_schema/parse/1":                                             "a property without a schema may be anything; the reference crashes",
	"probes/null_section_metadata/parse/1":                                            "a section set to null is empty; the reference crashes",
	"probes/null_section_node_types/parse/1":                                          "a section set to null is empty; the reference crashes",
	"probes/null_section_plugins/parse/1":                                             "a section set to null is empty; the reference crashes",
	"probes/null_sections/parse/1":                                                    "a section set to null is empty; the reference crashes",
	"probes/op_type_not_required_input_unset/parse/1":                                 "an input that is not required may be left out",
	"probes/op_typed_dict_input_gets_type_key/parse/1":                                "a map literal does not get the key type, which no one wrote",
	"probes/yaml_scalar_inf/parse/1":                                                  "a plan is JSON, which has no infinity: it stays text",
}

func TestConformance(t *testing.T) {
	kinds := map[string]func(t *testing.T, c conformanceCase) error{
		"parse": runParse, "prepare": runPrepare, "instances": runInstances, "evaluate": runEvaluate, "modify": runModify,
		"merge_operation": runMergeOperation, "merge_interfaces": runMergeInterfaces,
		"constraint": runConstraint, "constraint_argument": runConstraintArgument, "version": runVersion,
		"resolver": runResolver, "plugin_yaml_choice": runPluginChoice,
	}
	if len(accepted) > 30 {
		t.Errorf("%d cases differ on purpose; that many are no compatibility", len(accepted))
	}
	for _, c := range readCases(t) {
		t.Run(c.ID, func(t *testing.T) {
			run := kinds[c.Kind]
			if run == nil {
				t.Skip("kind " + c.Kind)
			}
			if reason, ok := accepted[c.ID]; ok {
				t.Skip("differs on purpose: " + reason)
			}
			if err := run(t, c); err != nil {
				t.Error(err)
			}
		})
	}
}

// expectError compares an error with the expected one by its code.
func expectError(c conformanceCase, codes []int, err error) error {
	if c.Expect.Error == nil {
		if err != nil {
			return fmt.Errorf("no error was expected: %w", err)
		}
		return nil
	}
	want := fmt.Sprintf("%v %s: %s", c.Expect.Error.Code, c.Expect.Error.Class, c.Expect.Error.Message)
	if err == nil {
		return fmt.Errorf("expected error %s", want)
	}
	number, ok := c.Expect.Error.Code.(json.Number)
	if !ok {
		return nil // any error of the family will do
	}
	code, convErr := number.Int64()
	if convErr == nil && slices.Contains(codes, int(code)) {
		return nil
	}
	return fmt.Errorf("expected error %s, got %w", want, err)
}

func codesOf(err error) []int {
	var codes []int
	if failure, ok := errors.AsType[*diag.Failure](err); ok {
		for _, d := range failure.Diagnostics {
			codes = append(codes, d.Code)
		}
	}
	return codes
}

// caseImporter serves the imports of a case.
type caseImporter struct{ c conformanceCase }

func (i caseImporter) Import(location, _ string) (*Document, error) {
	text, ok := i.c.Imports[location]
	if !ok {
		return nil, errors.New("no such location")
	}
	d := &Document{Name: location, Text: []byte(text)}
	if records, ok := i.c.Args["plugin_records"].(map[string]Value); ok {
		d.Record = recordOf(records, location)
	}
	return d, nil
}

func recordOf(records map[string]Value, location string) *PluginRecord {
	record, ok := records[location].(map[string]Value)
	if !ok {
		return nil
	}
	out := &PluginRecord{}
	labels := func(key string) map[string][]Value {
		m, _ := record[key].(map[string]Value)
		found := map[string][]Value{}
		for name, values := range m {
			found[name], _ = values.([]Value)
		}
		return found
	}
	out.Labels, out.BlueprintLabels = labels("labels"), labels("blueprint_labels")
	out.ResourceTags, _ = record["resource_tags"].(map[string]Value)
	return out
}

const caseMain = "blueprint.yaml"

func (c conformanceCase) source() (Source, options) {
	files := fstest.MapFS{}
	main := caseMain
	location, located := c.Args["location"].(string)
	if located {
		main = relative(location)
	}
	for name, text := range c.Imports {
		if !importScheme.MatchString(name) && fs.ValidPath(path.Clean(relative(name))) {
			files[path.Clean(relative(name))] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	if resources, ok := c.Args["resources"].([]Value); ok {
		for _, name := range resources {
			files[path.Join(path.Dir(main), relative(name.(string)))] = &fstest.MapFile{Data: []byte("#!/bin/sh\n")}
		}
	}
	files[main] = &fstest.MapFile{Data: []byte(*c.Main)}
	o := options{}
	if base, ok := c.Args["resources_base_path"].(string); ok {
		o.resourcesBase = path.Clean(relative(base))
	}
	o.anyVersion = c.Args["validate_version"] == Value(false)
	o.skipFunctions = c.Args["validate_intrinsic_function"] == Value(false)
	o.skipDefaults = c.Args["validate_input_defaults"] == Value(false)
	return Source{Files: files, Main: main}, o
}

func relative(name string) string { return strings.TrimLeft(name, "/") }

func (c conformanceCase) compile() (*orchestrator.Plan, error) {
	source, o := c.source()
	plan, diagnostics := compile(source, caseImporter{c}, o)
	return plan, diagnostics.Err()
}

func runParse(_ *testing.T, c conformanceCase) error {
	plan, err := c.compile()
	if err != nil || c.Expect.Error != nil {
		return expectError(c, codesOf(err), err)
	}
	return compareSummaries(expectedPlan(c.Expect.OK), summary(plan))
}

// expectedPlan leaves out of an expected plan what ours does not keep: the
// unresolved interfaces of relationship types, and how often, with which path,
// a secret is mentioned.
func expectedPlan(v Value) Value {
	plan, ok := v.(map[string]Value)
	if !ok {
		return v
	}
	types, _ := plan["relationship_types"].(map[string]Value)
	for _, t := range types {
		delete(t.(map[string]Value), "source_interfaces")
		delete(t.(map[string]Value), "target_interfaces")
	}
	if requirements, ok := plan["requirements"].(map[string]Value); ok {
		secrets, _ := requirements["secrets"].([]Value)
		var names []Value
		seen := map[string]bool{}
		for _, s := range secrets {
			if list, ok := s.([]Value); ok {
				s = list[0]
			}
			addValue(&names, seen, s)
		}
		slices.SortFunc(names, compareText)
		if len(names) > 0 {
			requirements["secrets"] = names
		}
	}
	if blueprints, ok := plan["imported_blueprints"].([]Value); ok {
		slices.SortFunc(blueprints, compareText)
	}
	return plan
}

// compareSummaries compares two documents after the same round through JSON.
func compareSummaries(want, got Value) error {
	if diff := cmp.Diff(normal(want), normal(got)); diff != "" {
		return fmt.Errorf("(-want +got):\n%s", diff)
	}
	return nil
}

// normal makes documents comparable: special floats and times as text, whole
// floats and integers alike.
func normal(v Value) Value {
	switch v := v.(type) {
	case map[string]Value:
		if len(v) == 1 {
			if text, ok := v["$timestamp"]; ok {
				return text
			}
			if text, ok := v["$float"]; ok {
				return text
			}
		}
		out := map[string]Value{}
		for key, item := range v {
			if key == "error_message" {
				continue // recorded in some cases, lost in others
			}
			if key == "required" && item == Value(true) || key == "hidden" && item == Value(false) {
				continue // what is said explicitly is the same as the default
			}
			out[key] = normal(item)
		}
		return out
	case []Value:
		out := make([]Value, len(v))
		for i, item := range v {
			out[i] = normal(item)
		}
		return out
	case float64:
		if v != v || v > 1e300 || v < -1e300 {
			return strings.ToLower(strings.TrimPrefix(fmt.Sprint(v), "+"))
		}
		return v
	case int64:
		return float64(v)
	default:
		return v
	}
}
