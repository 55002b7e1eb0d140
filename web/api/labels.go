package api

import (
	"encoding/json"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// labelList reads labels in both of the contract's spellings: one-pair objects
// [{"env": "aws"}], and [{"key": "env", "value": "aws"}].
type labelList []orchestrator.Label

// UnmarshalJSON implements json.Unmarshaler.
func (l *labelList) UnmarshalJSON(data []byte) error {
	var given []map[string]string
	if err := json.Unmarshal(data, &given); err != nil {
		return invalid("labels must be a list of objects with a key and a text").On("labels")
	}
	for _, one := range given {
		key, value, err := labelOf(one)
		if err != nil {
			return err
		}
		*l = append(*l, orchestrator.Label{Key: strings.ToLower(key), Value: value})
	}
	return nil
}

func labelOf(one map[string]string) (key, value string, err error) {
	key, hasKey := one["key"]
	value, hasValue := one["value"]
	switch {
	case hasKey && hasValue && len(one) == 2:
	case len(one) == 1:
		for key, value = range one {
		}
	default:
		return "", "", invalid("a label is one key with one text").On("labels")
	}
	if key == "" || value == "" {
		return "", "", invalid("a label's key and text must not be empty").On("labels")
	}
	return key, value, nil
}
