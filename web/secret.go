package web

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

// secret shows a secret; the value only of one that is configuration.
func (s *Server) secret(c *call) error {
	page, err := s.secretPage(c, nil)
	if err != nil {
		return err
	}
	return c.show(views.Secret(page))
}

// updateSecret stores a new version, unless somebody else did meanwhile.
func (s *Server) updateSecret(c *call) error {
	key, typed := c.Param("key"), c.text("value")
	current, err := s.secretNamed(c, key)
	if err != nil {
		return err
	}
	refuse := func(status int, title, text string) error {
		page, err := s.secretPage(c, &typed)
		if err != nil {
			return err
		}
		page.Problem = &views.Notice{Tone: views.ToneFail, Title: title, Text: text, Focus: true}
		return c.render(status, views.Secret(page))
	}
	seen, err := strconv.Atoi(c.FormValue("seen"))
	if err != nil || seen < 1 {
		return refuse(http.StatusUnprocessableEntity, "Not saved.", "The form does not say which version you changed. Save again to replace the one that is there now.")
	}
	if typed == "" && current.Kind == orchestrator.SecretSensitive {
		return refuse(http.StatusUnprocessableEntity, "Not saved: the value is empty.", "Type the new value, or go back to keep the one that is there.")
	}
	_, err = s.control.PutSecret(c.context(), c.Actor, control.PutSecret{Key: key, Value: typed, MustExist: true, Seen: seen})
	switch orchestrator.ErrorCode(err) {
	case orchestrator.Conflict:
		return refuse(http.StatusConflict, "Not saved: somebody changed it meanwhile.", sentence(orchestrator.ErrorMessage(err)))
	case orchestrator.Invalid:
		return refuse(http.StatusUnprocessableEntity, "Not saved.", sentence(orchestrator.ErrorMessage(err)))
	}
	if orchestrator.ErrorCode(err) == orchestrator.Conflict { // at the same moment
		return refuse(http.StatusConflict, "Not saved: somebody changed it meanwhile.", sentence(orchestrator.ErrorMessage(err)))
	}
	if err != nil {
		return err
	}
	s.leaveNotice(c, views.Notice{Tone: views.ToneOK, Title: key + " is saved.", Text: saved(current)})
	return c.leadTo("/secrets")
}

func saved(before orchestrator.Secret) string {
	if before.Placeholder {
		return "It was a placeholder. Once a cloud's keys are all set, launches there are real."
	}
	return "Running environments keep what they were built with."
}

// secretNamed finds a secret without its value, which would leave an audit row.
func (s *Server) secretNamed(c *call, key string) (orchestrator.Secret, error) {
	secrets, err := s.control.ListSecrets(c.context(), c.Actor)
	if err != nil {
		return orchestrator.Secret{}, err
	}
	i := slices.IndexFunc(secrets, func(s orchestrator.Secret) bool { return s.Key == key })
	if i < 0 {
		return orchestrator.Secret{}, orchestrator.Errorf(orchestrator.NotFound, "There is no secret %s", key)
	}
	return secrets[i], nil
}

// secretPage draws the form; typed is what was sent and refused, nil at first.
func (s *Server) secretPage(c *call, typed *string) (views.SecretPage, error) {
	key := c.Param("key")
	secret, err := s.secretNamed(c, key)
	if err != nil {
		return views.SecretPage{}, err
	}
	versions, err := s.control.SecretVersions(c.context(), c.Actor, key)
	if err != nil {
		return views.SecretPage{}, err
	}
	changed := views.Ago(secret.UpdatedAt, c.now)
	page := views.SecretPage{
		Chrome: c.page(key, views.SectionSecrets, views.Link{Text: "Secrets", Href: "/secrets"}),
		Key:    key, Version: "v" + strconv.Itoa(secret.Version), Kind: string(secret.Kind), Seen: strconv.Itoa(secret.Version), Action: "/secrets/" + key,
		Facts:    []views.Fact{{Term: "Versions", Value: strconv.Itoa(len(versions))}, {Term: "Changed", When: &changed}, {Term: "By", Value: c.owner(secret.CreatedBy)}},
		ReadOnly: !c.Actor.Role.AtLeast(orchestrator.Operator),
	}
	if !page.ReadOnly {
		page.Delete = "/secrets/" + key + "/delete"
	}
	if secret.Placeholder {
		page.Placeholder = &views.Notice{Tone: views.ToneInfo, Title: "A placeholder.", Text: "It was written at the first start so that launches can be rehearsed. Saving a value here makes launches that read it real."}
	}
	field, err := s.valueField(c, secret, typed)
	if err != nil {
		return page, err
	}
	if field != nil {
		field.ReadOnly = page.ReadOnly
		page.Fields = []views.Field{*field}
	}
	page.Slim = key != orchestrator.EaasParams
	return page, nil
}

// valueField takes a new value. A sensitive one is never filled in, not even
// with what was just refused.
func (s *Server) valueField(c *call, secret orchestrator.Secret, typed *string) (*views.Field, error) {
	field := &views.Field{ID: "value", Name: "value", Label: "Value", Kind: views.FieldArea, Rows: 4}
	if secret.Kind != orchestrator.SecretConfiguration || secret.Hidden {
		if !c.Actor.Role.AtLeast(orchestrator.Operator) {
			return nil, nil //nolint:nilnil // nothing to show and nothing to type
		}
		field.Label, field.Type, field.Rows = "New value", "never shown again", 3
		field.Help = "Values under 8 characters are too short to be taken out of logs."
		return field, nil
	}
	if secret.Key == orchestrator.EaasParams {
		field.Type, field.Rows = "JSON: cloud → environment type → network, k8s, db, s3", 28
	}
	if typed != nil {
		field.Value = *typed
		return field, nil
	}
	full, err := s.control.GetSecret(c.context(), c.Actor, secret.Key)
	field.Value = full.Value
	return field, err
}
