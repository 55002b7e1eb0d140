package web

import (
	"io"
	"net/http"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/orchestrator/diag"
	"github.com/slipwayhq/slipway/views"
)

func (s *Server) uploadForm(c *call) error {
	id := c.QueryParam("id")
	return c.show(views.Upload(uploadPage(c, control.UploadBlueprint{ID: id, NewVersion: id != ""})))
}

// upload checks an archive whole; either all of it is kept or nothing.
func (s *Server) upload(c *call) error {
	upload := control.UploadBlueprint{
		ID: strings.TrimSpace(c.FormValue("id")), MainFile: strings.TrimSpace(c.FormValue("main_file")), NewVersion: c.FormValue("new_version") != "",
	}
	page := uploadPage(c, upload)
	var err error
	if upload.Archive, err = readArchive(c); err != nil {
		page.FileError = orchestrator.ErrorMessage(err)
		return c.render(statusOf(err), views.Upload(page))
	}
	blueprint, findings, err := s.control.UploadBlueprint(c.context(), c.Actor, upload)
	if err == nil {
		s.leaveNotice(c, uploaded(blueprint, findings))
		return c.leadTo("/blueprints/" + blueprint.ID)
	}
	if statusOf(err) == http.StatusInternalServerError {
		return err
	}
	page.Problem = &views.Notice{Tone: views.ToneFail, Title: "The blueprint was not uploaded.", Text: sentence(orchestrator.ErrorMessage(err)), Focus: true}
	if len(findings) > 0 {
		page.Problem.Text = "Mend what is listed below and upload again. Nothing was kept."
		page.Findings = views.Findings(findings, s.sources(c, upload))
	}
	return c.render(statusOf(err), views.Upload(page))
}

// sources opens the files that findings point into. The archive is compiled
// again for that, which only a failed upload has to pay.
func (s *Server) sources(c *call, upload control.UploadBlueprint) func(string) ([]byte, bool) {
	compiled, err := s.control.ValidateBlueprint(c.context(), c.Actor, upload)
	if err != nil {
		return func(string) ([]byte, bool) { return nil, false }
	}
	return compiled.Text
}

func uploaded(b orchestrator.Blueprint, findings diag.Diagnostics) views.Notice {
	n := views.Notice{Tone: views.ToneOK, Title: b.ID + " is uploaded.", Text: "It is checked and can be launched."}
	if len(findings) > 0 {
		n.Tone, n.Text = views.ToneAttn, views.Count(len(findings), "warning")+", the first: "+findings[0].String()
	}
	return n
}

func readArchive(c *call) ([]byte, error) {
	header, err := c.FormFile("archive")
	if err != nil {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "Choose an archive.").Wrap(err)
	}
	file, err := header.Open()
	if err != nil {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "The archive cannot be read.").Wrap(err)
	}
	defer func() { _ = file.Close() }() // read only
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "The archive cannot be read.").Wrap(err)
	}
	return data, nil
}

func uploadPage(c *call, upload control.UploadBlueprint) views.UploadPage {
	page := views.UploadPage{
		Chrome:     c.page("Upload a blueprint", views.SectionBlueprints, views.Link{Text: "Blueprints", Href: "/blueprints"}),
		ID:         views.Field{ID: "id", Name: "id", Label: "Id", Kind: views.FieldText, Mono: true, Value: upload.ID, Required: true, Help: "What people type: slipway deployments create NAME -b ID"},
		MainFile:   views.Field{ID: "main_file", Name: "main_file", Label: "Main file", Kind: views.FieldText, Mono: true, Value: upload.MainFile, Type: "optional", Placeholder: "blueprint.yaml", Help: "Left empty: blueprint.yaml, or the only YAML file."},
		NewVersion: upload.NewVersion,
	}
	page.Slim = true
	return page
}
