package web

import (
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/views"
)

func (s *Server) secrets(c *call) error {
	page := views.SecretsPage{
		Chrome: c.page("Secrets", views.SectionSecrets), Search: c.search("Filter by key"),
		CanEdit: c.Actor.Role.AtLeast(orchestrator.Operator),
	}
	page.Notice = s.takeNotice(c)
	secrets, err := s.control.ListSecrets(c.context(), c.Actor)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(secrets, func(s orchestrator.Secret) bool { return s.Placeholder }) {
		page.Placeholders = &views.Notice{
			Tone: views.ToneInfo, Title: "Launches are rehearsed while cloud credentials are placeholders.",
			Text: "Set a cloud's keys to launch there for real.",
		}
	}
	wanted := strings.ToLower(c.QueryParam("q"))
	secrets = slices.DeleteFunc(secrets, func(s orchestrator.Secret) bool { return !strings.Contains(strings.ToLower(s.Key), wanted) })
	offset := min(c.offset(), len(secrets))
	shown := secrets[offset:min(offset+pageSize, len(secrets))]
	for _, secret := range shown {
		page.Rows = append(page.Rows, views.SecretRow{
			Key: secret.Key, Href: "/secrets/" + secret.Key, Kind: string(secret.Kind), Placeholder: secret.Placeholder,
			Version: "v" + strconv.Itoa(secret.Version), Updated: views.Ago(secret.UpdatedAt, c.now), By: c.owner(secret.CreatedBy),
		})
	}
	page.Pager = c.pager(offset, len(shown), len(secrets))
	if len(secrets) == 0 {
		page.None = "No secret is called like that."
	}
	return c.show(views.Secrets(page))
}
