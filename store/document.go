package store

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// cleanText makes text storable: PostgreSQL refuses a whole batch for one byte
// that is not UTF-8, or for a NUL.
func cleanText(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// toJSON writes a document for a clear column. Values that are marked sensitive
// become null in it.
func toJSON(document any) (string, error) {
	data, err := json.Marshal(mapValues(reflect.ValueOf(&document).Elem(), keepFloats).Interface())
	if err != nil {
		return "", fmt.Errorf("write document: %w", err)
	}
	return string(data), nil
}

// fromJSON reads a document. Unlike encoding/json it keeps whole numbers whole
// wherever the document holds an orchestrator.Value.
func fromJSON(data string, document any) error {
	decoder := json.NewDecoder(strings.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(document); err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	read := reflect.ValueOf(document).Elem()
	read.Set(mapValues(read, orchestrator.FromJSON))
	return nil
}

// keepFloats writes a float that happens to be whole so that it is read back as
// a float: 1.0 and not 1. A blueprint may well join it to a text.
func keepFloats(v orchestrator.Value) orchestrator.Value {
	switch v := v.(type) {
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return json.Number(strconv.FormatFloat(v, 'f', 1, 64))
		}
		return v
	case orchestrator.Sensitive:
		return orchestrator.Mark(keepFloats(v.Open()))
	case []orchestrator.Value:
		out := make([]orchestrator.Value, len(v))
		for i, item := range v {
			out[i] = keepFloats(item)
		}
		return out
	case map[string]orchestrator.Value:
		return keepFloatsIn(v)
	default:
		return v
	}
}

func keepFloatsIn(values map[string]orchestrator.Value) map[string]orchestrator.Value {
	out := make(map[string]orchestrator.Value, len(values))
	for key, item := range values {
		out[key] = keepFloats(item)
	}
	return out
}

// mapValues returns a copy of a document in which every orchestrator.Value, at
// any depth of structs, lists and maps, is converted.
func mapValues(v reflect.Value, convert func(orchestrator.Value) orchestrator.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Interface:
		return mapInterface(v, convert)
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		out := reflect.New(v.Type().Elem())
		out.Elem().Set(mapValues(v.Elem(), convert))
		return out
	case reflect.Struct:
		out := reflect.New(v.Type()).Elem()
		out.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(mapValues(v.Field(i), convert))
			}
		}
		return out
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(mapValues(v.Index(i), convert))
		}
		return out
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		out := reflect.MakeMapWithSize(v.Type(), v.Len())
		for _, key := range v.MapKeys() {
			out.SetMapIndex(key, mapValues(v.MapIndex(key), convert))
		}
		return out
	default:
		return v
	}
}

// mapInterface converts a Value; an interface around a struct, list or map of
// ours is the document itself.
func mapInterface(v reflect.Value, convert func(orchestrator.Value) orchestrator.Value) reflect.Value {
	if v.IsNil() {
		return v
	}
	switch v.Interface().(type) {
	case nil, bool, string, int64, float64, json.Number, orchestrator.Sensitive, []orchestrator.Value, map[string]orchestrator.Value:
		out := reflect.New(v.Type()).Elem()
		out.Set(reflect.ValueOf(convert(v.Interface())))
		return out
	default:
		out := reflect.New(v.Type()).Elem()
		out.Set(mapValues(v.Elem(), convert))
		return out
	}
}

// sealValues seals a map of values with its marks, bound to its place.
func (t *Tx) sealValues(values map[string]orchestrator.Value, place string) ([]byte, error) {
	data, err := encodeValues(values)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", place, err)
	}
	return t.seal(data, place)
}

// encodeValues writes values with their marks, an empty map for none.
func encodeValues(values map[string]orchestrator.Value) ([]byte, error) {
	return orchestrator.EncodeValue(keepFloatsIn(values))
}

// openValues opens what sealValues sealed.
func (t *Tx) openValues(sealed []byte, place string) (map[string]orchestrator.Value, error) {
	data, err := t.open(sealed, place)
	if err != nil {
		return nil, err
	}
	value, err := orchestrator.DecodeValue(data)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", place, err)
	}
	switch value := value.(type) {
	case map[string]orchestrator.Value:
		return value, nil
	case orchestrator.Sensitive:
		// A map with the one key that EncodeValue uses for marks reads back as a
		// mark; at the top of a document it can only have been the map itself.
		return map[string]orchestrator.Value{"$sensitive": value}, nil
	default:
		return nil, fmt.Errorf("open %s: not a map of values", place)
	}
}

func (t *Tx) seal(plain []byte, place string) ([]byte, error) {
	sealed, err := t.store.sealer.Seal(plain, []byte(place))
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", place, err)
	}
	return sealed, nil
}

func (t *Tx) open(sealed []byte, place string) ([]byte, error) {
	plain, err := t.store.sealer.Open(sealed, []byte(place))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", place, err)
	}
	return plain, nil
}

// toJSONs writes several documents for clear columns.
func toJSONs(documents ...any) ([]string, error) {
	texts := make([]string, len(documents))
	for i, document := range documents {
		var err error
		if texts[i], err = toJSON(document); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// document is a column's text and where to put what it says.
type document struct {
	text string
	into any
}

// fromJSONs reads several documents.
func fromJSONs(documents ...document) error {
	for _, d := range documents {
		if err := fromJSON(d.text, d.into); err != nil {
			return err
		}
	}
	return nil
}
