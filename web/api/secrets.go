package api

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
)

// secretObject is a secret as the contract shows it. Only the answer to one
// that was asked for by key has a value.
type secretObject struct {
	common
	Key             string         `json:"key"`
	Value           *string        `json:"value"`
	CreatedAt       moment         `json:"created_at"`
	UpdatedAt       moment         `json:"updated_at"`
	IsHiddenValue   bool           `json:"is_hidden_value"`
	Schema          map[string]any `json:"schema"`
	ProviderName    *string        `json:"provider_name"`
	ProviderOptions map[string]any `json:"provider_options"`
}

func secretOf(s orchestrator.Secret) secretObject {
	return secretObject{
		common: commonOf(s.Team, s.CreatedBy), Key: s.Key, CreatedAt: moment(s.CreatedAt), UpdatedAt: moment(s.UpdatedAt), IsHiddenValue: s.Hidden,
	}
}

// secretSorts are the fields that secrets can be sorted by.
func secretSorts() map[string]func(a, b orchestrator.Secret) int {
	return map[string]func(a, b orchestrator.Secret) int{
		"key":        func(a, b orchestrator.Secret) int { return cmp.Compare(a.Key, b.Key) },
		"created_at": func(a, b orchestrator.Secret) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"updated_at": func(a, b orchestrator.Secret) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
	}
}

func listSecrets(c *call) error {
	p, err := c.page("key")
	if err != nil {
		return err
	}
	found, err := c.api.control.ListSecrets(c.Request().Context(), c.Actor)
	if err != nil {
		return err
	}
	keys := c.query["key"]
	found = slices.DeleteFunc(found, func(s orchestrator.Secret) bool {
		return len(keys) > 0 && !slices.Contains(keys, s.Key) || !strings.Contains(strings.ToLower(s.Key), strings.ToLower(p.search))
	})
	if err := sortBy(p, found, secretSorts()); err != nil {
		return err
	}
	shown := cut(p, found)
	objects := make([]secretObject, len(shown))
	for i, s := range shown {
		objects[i] = secretOf(s)
	}
	return sendList(c, p, objects, len(found))
}

func getSecret(c *call) error {
	s, err := c.api.control.GetSecret(c.Request().Context(), c.Actor, c.name("key"))
	if err != nil {
		return err
	}
	object := secretOf(s)
	object.Value = &s.Value
	return sendOne(c, object)
}

// secretBody is what may be said about a secret.
type secretBody struct {
	Value           *string         `json:"value"`
	UpdateIfExists  boolean         `json:"update_if_exists"`
	IsHiddenValue   *boolean        `json:"is_hidden_value"`
	Visibility      string          `json:"visibility"`
	Schema          json.RawMessage `json:"schema"`
	ProviderName    *string         `json:"provider_name"`
	ProviderOptions json.RawMessage `json:"provider_options"` // means nothing without a provider
}

func (b secretBody) check() error {
	switch {
	case b.ProviderName != nil && *b.ProviderName != "":
		return invalid("this version keeps secrets itself; leave provider_name out").On("provider_name")
	case len(b.Schema) > 0 && string(b.Schema) != "null":
		return invalid("this version has no schemas for secrets; leave schema out").On("schema")
	}
	return onlyTeam(b.Visibility)
}

func (b secretBody) hidden() *bool { return (*bool)(b.IsHiddenValue) }

func putSecret(c *call) error {
	body, err := c.secretBody()
	if err != nil {
		return err
	}
	if body.Value == nil {
		return invalid("value is missing").On("value")
	}
	return c.storeSecret(control.PutSecret{
		Key: c.name("key"), Value: *body.Value, Hidden: body.hidden(), Update: bool(body.UpdateIfExists),
	})
}

func (c *call) secretBody() (secretBody, error) {
	var body secretBody
	if err := c.body(&body); err != nil {
		return body, err
	}
	return body, body.check()
}

func patchSecret(c *call) error {
	body, err := c.secretBody()
	if err != nil {
		return err
	}
	put := control.PutSecret{Key: c.name("key"), Hidden: body.hidden(), MustExist: true}
	if body.Value != nil {
		put.Value = *body.Value
	} else if put.Value, err = c.secretValue(put.Key); err != nil {
		return err
	}
	return c.storeSecret(put)
}

// secretValue reads the value that a change of something else keeps.
func (c *call) secretValue(key string) (string, error) {
	s, err := c.api.control.GetSecret(c.Request().Context(), c.Actor, key)
	if err == nil && s.Hidden && !c.Actor.Role.AtLeast(orchestrator.Admin) {
		err = orchestrator.Errorf(orchestrator.Forbidden, "the value of secret %s is hidden from you; give a new one with the change, or ask an admin", key).Because("forbidden_error")
	}
	return s.Value, err
}

func (c *call) storeSecret(put control.PutSecret) error {
	s, err := c.api.control.PutSecret(c.Request().Context(), c.Actor, put)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, secretOf(s))
}

func deleteSecret(c *call) error {
	if err := c.api.control.DeleteSecret(c.Request().Context(), c.Actor, c.name("key")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
