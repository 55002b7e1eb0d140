package aws

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/diag"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// decode writes DSL values into an SDK input struct, strictly, as the API's own
// validation would: unknown keys, wrong kinds and unknown enum words are errors
// with their full path. The case of a key's first letter is free. Errors name
// places and kinds, never values, because a value may be a secret.
func decode(values map[string]orchestrator.Value, input any) error {
	d := decoder{}
	d.structure("", orchestrator.Reveal(values), reflect.ValueOf(input).Elem())
	if len(d.problems) == 0 {
		return nil
	}
	return provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "resource_config: %s", strings.Join(d.problems, "; ")))
}

// inputOf decodes into a new input.
func inputOf[I any](values map[string]orchestrator.Value) (*I, error) {
	input := new(I)
	return input, decode(values, input)
}

// didYouMean names the nearest word, when one is near enough to be meant.
func didYouMean(word string, words []string) string {
	if near := diag.Nearest(word, words); near != "" {
		return ", did you mean " + near + "?"
	}
	return ""
}

// decoder collects all problems of one document.
type decoder struct{ problems []string }

func (d *decoder) problem(path, format string, args ...any) {
	d.problems = append(d.problems, path+" "+fmt.Sprintf(format, args...))
}

func (d *decoder) structure(path string, value orchestrator.Value, into reflect.Value) {
	values, ok := value.(map[string]orchestrator.Value)
	if !ok {
		d.problem(path, "must be a map, not %s", kindOf(value))
		return
	}
	for _, key := range orchestrator.SortedKeys(values) {
		where := join(path, key)
		field := into.FieldByName(upperFirst(key))
		if !field.IsValid() || !isParameter(into.Type(), upperFirst(key)) {
			d.problem(where, "is no parameter of %s%s", into.Type().Name(), didYouMean(upperFirst(key), parameterNames(into.Type())))
			continue
		}
		d.value(where, values[key], field)
	}
}

func (d *decoder) value(path string, value orchestrator.Value, into reflect.Value) {
	if value == nil {
		return // null means "not given"
	}
	switch kind := into.Kind(); {
	case into.Type() == reflect.TypeFor[time.Time]():
		d.moment(path, value, into)
	case into.Type() == reflect.TypeFor[[]byte]():
		d.bytes(path, value, into)
	case kind == reflect.Pointer:
		inner := reflect.New(into.Type().Elem())
		d.value(path, value, inner.Elem())
		into.Set(inner)
	case kind == reflect.Struct:
		d.structure(path, value, into)
	case kind == reflect.Slice:
		d.list(path, value, into)
	case kind == reflect.Map:
		d.table(path, value, into)
	case kind == reflect.Interface:
		d.problem(path, "is a parameter that a blueprint cannot give")
	default:
		d.scalar(path, value, into)
	}
}

func (d *decoder) list(path string, value orchestrator.Value, into reflect.Value) {
	items, ok := value.([]orchestrator.Value)
	if !ok {
		d.problem(path, "must be a list, not %s", kindOf(value))
		return
	}
	list := reflect.MakeSlice(into.Type(), len(items), len(items))
	for i, item := range items {
		d.value(fmt.Sprintf("%s[%d]", path, i), item, list.Index(i))
	}
	into.Set(list)
}

func (d *decoder) table(path string, value orchestrator.Value, into reflect.Value) {
	values, ok := value.(map[string]orchestrator.Value)
	if !ok {
		d.problem(path, "must be a map, not %s", kindOf(value))
		return
	}
	table := reflect.MakeMapWithSize(into.Type(), len(values))
	for _, key := range orchestrator.SortedKeys(values) {
		item := reflect.New(into.Type().Elem()).Elem()
		d.value(join(path, key), values[key], item)
		table.SetMapIndex(reflect.ValueOf(key).Convert(into.Type().Key()), item)
	}
	into.Set(table)
}

func (d *decoder) scalar(path string, value orchestrator.Value, into reflect.Value) {
	switch into.Kind() {
	case reflect.String:
		word, ok := value.(string)
		if !ok {
			d.problem(path, "must be a string, not %s", kindOf(value))
			return
		}
		if allowed := enumWords(into); len(allowed) > 0 && !slices.Contains(allowed, word) {
			d.problem(path, "must be one of %s%s", shorten(allowed), didYouMean(word, allowed))
			return
		}
		into.SetString(word)
	case reflect.Bool:
		flag, ok := value.(bool)
		if !ok {
			d.problem(path, "must be true or false, not %s", kindOf(value))
			return
		}
		into.SetBool(flag)
	case reflect.Int32, reflect.Int64, reflect.Int:
		number, ok := value.(int64)
		if !ok {
			d.problem(path, "must be a whole number, not %s", kindOf(value))
			return
		}
		if into.OverflowInt(number) {
			d.problem(path, "is out of range")
			return
		}
		into.SetInt(number)
	case reflect.Float32, reflect.Float64:
		number, ok := toFloat(value)
		if !ok {
			d.problem(path, "must be a number, not %s", kindOf(value))
			return
		}
		into.SetFloat(number)
	default:
		d.problem(path, "is a parameter that a blueprint cannot give")
	}
}

func toFloat(value orchestrator.Value) (float64, bool) {
	switch value := value.(type) {
	case float64:
		return value, !math.IsNaN(value) && !math.IsInf(value, 0)
	case int64:
		return float64(value), true
	default:
		return 0, false
	}
}

func (d *decoder) moment(path string, value orchestrator.Value, into reflect.Value) {
	word, _ := value.(string)
	at, err := time.Parse(time.RFC3339, word)
	if err != nil {
		d.problem(path, "must be a time such as 2026-01-31T12:00:00Z")
		return
	}
	into.Set(reflect.ValueOf(at))
}

func (d *decoder) bytes(path string, value orchestrator.Value, into reflect.Value) {
	word, ok := value.(string)
	data, err := base64.StdEncoding.DecodeString(word)
	if !ok || err != nil {
		d.problem(path, "must be a base64 string")
		return
	}
	into.SetBytes(data)
}

// parameterNames lists what a blueprint may write into a struct of the SDK.
func parameterNames(t reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(t) {
		if isParameter(t, field.Name) {
			names = append(names, field.Name)
		}
	}
	return names
}

func isParameter(t reflect.Type, name string) bool {
	field, ok := t.FieldByName(name)
	return ok && field.IsExported() && len(field.Index) == 1 && name != "ResultMetadata"
}

// enumWords returns what the SDK's Values method of an enum lists.
func enumWords(into reflect.Value) []string {
	method := into.MethodByName("Values")
	if !method.IsValid() || method.Type().NumIn() != 0 || method.Type().NumOut() != 1 {
		return nil
	}
	list := method.Call(nil)[0]
	words := make([]string, list.Len())
	for i := range words {
		words[i] = list.Index(i).String()
	}
	return words
}

func kindOf(value orchestrator.Value) string {
	switch value.(type) {
	case string:
		return "a string"
	case bool:
		return "true or false"
	case int64:
		return "a whole number"
	case float64:
		return "a number"
	case []orchestrator.Value:
		return "a list"
	case map[string]orchestrator.Value:
		return "a map"
	default:
		return fmt.Sprintf("%T", value)
	}
}

func upperFirst(key string) string {
	first, size := utf8.DecodeRuneInString(key)
	return string(unicode.ToUpper(first)) + key[size:]
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// shorten keeps a message readable where an enum has hundreds of words.
func shorten(words []string) string {
	const most = 12
	if len(words) > most {
		return strings.Join(words[:most], ", ") + fmt.Sprintf(" and %d more", len(words)-most)
	}
	return strings.Join(words, ", ")
}
