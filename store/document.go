package store

import (
	"encoding/json"
	"fmt"
	"reflect"
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
