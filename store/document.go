package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// micros is how a time is stored: microseconds since 1970, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros reads what micros wrote.
func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// cleanText makes text storable: PostgreSQL refuses a whole batch for one byte
// that is not UTF-8, or for a NUL.
func cleanText(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// toJSON writes a document for a clear column. Values that are marked sensitive
// become null in it.
func toJSON(document any) (string, error) {
	data, err := json.Marshal(document)
	if err != nil {
		return "", fmt.Errorf("write document: %w", err)
	}
	return string(data), nil
}

// fromJSON reads a document. Unlike encoding/json it keeps whole numbers whole
// wherever the document holds an orchestrator.Value.
func fromJSON(data string, document any) error {
	decoder := json.NewDecoder(bytes.NewReader([]byte(data)))
	decoder.UseNumber()
	if err := decoder.Decode(document); err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	settleNumbers(reflect.ValueOf(document).Elem())
	return nil
}

// settleNumbers turns the json.Numbers below v into int64 or float64.
func settleNumbers(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() && v.CanSet() {
			v.Set(reflect.ValueOf(orchestrator.FromJSON(v.Interface())))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			settleNumbers(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				settleNumbers(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			settleNumbers(v.Index(i))
		}
	case reflect.Map:
		// What a map holds cannot be changed in place.
		for _, key := range v.MapKeys() {
			item := reflect.New(v.Type().Elem()).Elem()
			item.Set(v.MapIndex(key))
			settleNumbers(item)
			v.SetMapIndex(key, item)
		}
	}
}

// sealValues seals a map of values with its marks, bound to its place.
func (t *Tx) sealValues(values map[string]orchestrator.Value, place string) ([]byte, error) {
	if values == nil {
		values = map[string]orchestrator.Value{}
	}
	data, err := orchestrator.EncodeValue(values)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", place, err)
	}
	return t.seal(data, place)
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
