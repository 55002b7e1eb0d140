package web

import (
	"net/http"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

func (s *Server) newSecret(c *call) error {
	return c.show(views.Secret(newSecretPage(c, "", orchestrator.SecretSensitive)))
}

func (s *Server) createSecret(c *call) error {
	key, kind := strings.TrimSpace(c.FormValue("key")), orchestrator.SecretKind(c.FormValue("kind"))
	if kind != orchestrator.SecretConfiguration {
		kind = orchestrator.SecretSensitive
	}
	value := c.text("value")
	if value == "" && kind == orchestrator.SecretSensitive {
		page := newSecretPage(c, key, kind)
		page.Fields[2].Error = "Type a value."
		return c.render(http.StatusUnprocessableEntity, views.Secret(page))
	}
	_, err := s.control.PutSecret(c.context(), c.Actor, control.PutSecret{Key: key, Value: value, Kind: kind})
	if code := orchestrator.ErrorCode(err); code == orchestrator.Invalid || code == orchestrator.Conflict {
		page := newSecretPage(c, key, kind)
		page.Problem = &views.Notice{Tone: views.ToneFail, Title: "Not saved.", Text: sentence(orchestrator.ErrorMessage(err)), Focus: true}
		return c.render(statusOf(err), views.Secret(page))
	}
	if err != nil {
		return err
	}
	s.leaveNotice(c, views.Notice{Tone: views.ToneOK, Title: key + " is saved."})
	return c.leadTo("/secrets")
}

func newSecretPage(c *call, key string, kind orchestrator.SecretKind) views.SecretPage {
	page := views.SecretPage{
		Chrome: c.page("Add a secret", views.SectionSecrets, views.Link{Text: "Secrets", Href: "/secrets"}),
		New:    true, Action: "/new-secret",
		Fields: []views.Field{
			{ID: "key", Name: "key", Label: "Key", Kind: views.FieldText, Mono: true, Required: true, Value: key, Help: "Blueprints read it as { get_secret: KEY }."},
			{ID: "kind", Name: "kind", Label: "Kind", Kind: views.FieldSelect, Help: "A sensitive value is never shown and is taken out of logs. Configuration is shown.", Options: []views.Option{
				{Value: string(orchestrator.SecretSensitive), Text: "sensitive", Selected: kind != orchestrator.SecretConfiguration},
				{Value: string(orchestrator.SecretConfiguration), Text: "configuration", Selected: kind == orchestrator.SecretConfiguration},
			}},
			{ID: "value", Name: "value", Label: "Value", Kind: views.FieldArea, Rows: 4, Help: "Values under 8 characters are too short to be taken out of logs."},
		},
	}
	page.Slim = true
	return page
}

func (s *Server) deleteSecretForm(c *call) error {
	secret, err := s.secretNamed(c, c.Param("key"))
	if err != nil {
		return err
	}
	return c.show(views.Confirm(deleteSecretPage(c, secret.Key)))
}

func (s *Server) deleteSecret(c *call) error {
	key := c.Param("key")
	if c.FormValue("confirm") != key {
		page := deleteSecretPage(c, key)
		page.Error = "That is not its key. Type " + key + "."
		return c.render(http.StatusUnprocessableEntity, views.Confirm(page))
	}
	if err := s.control.DeleteSecret(c.context(), c.Actor, key); err != nil {
		return err
	}
	s.leaveNotice(c, views.Notice{Tone: views.ToneOK, Title: key + " is deleted."})
	return c.leadTo("/secrets")
}

func deleteSecretPage(c *call, key string) views.ConfirmPage {
	at := "/secrets/" + key
	page := views.ConfirmPage{
		Chrome:  c.page("Delete "+key, views.SectionSecrets, views.Link{Text: "Secrets", Href: "/secrets"}, views.Link{Text: key, Href: at}),
		Heading: "Delete " + key, Sentence: "The secret goes with all its versions.",
		Consequences: []string{"Launches that read it are refused.", "What runs and reads it again, an uninstall too, fails there."},
		Name:         key, Action: at + "/delete", Button: "Delete " + key, Back: views.Link{Text: "Keep it", Href: at},
	}
	page.Slim = true
	return page
}
