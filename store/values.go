package store

import (
	"fmt"

	"github.com/slipwayhq/slipway/orchestrator"
)

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
