package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// labelBody is the wanted set of labels. Nothing else of what has an owner can
// be changed here.
type labelBody struct {
	Labels *labelList `json:"labels"`
}

func (c *call) wantedLabels() ([]orchestrator.Label, error) {
	var body labelBody
	if err := c.body(&body); err != nil {
		return nil, err
	}
	if body.Labels == nil {
		return nil, invalid("labels is missing; it is the only thing that can be changed").On("labels")
	}
	return *body.Labels, nil
}

func patchDeployment(c *call) error {
	labels, err := c.wantedLabels()
	if err != nil {
		return err
	}
	d, err := c.api.control.SetDeploymentLabels(c.Request().Context(), c.Actor, c.name("id"), labels)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, deploymentOf(d))
}

func patchBlueprint(c *call) error {
	labels, err := c.wantedLabels()
	if err != nil {
		return err
	}
	blueprint, err := c.api.control.SetBlueprintLabels(c.Request().Context(), c.Actor, c.name("id"), labels)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, blueprintOf(blueprint))
}

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
