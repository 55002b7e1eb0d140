package store

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"

	"github.com/slipwayhq/slipway/orchestrator"
)

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
