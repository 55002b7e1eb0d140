package api

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
)

// maxUpload bounds an upload with its form, in bytes: the largest archive that
// is unpacked, and a little for the form around it.
const maxUpload = 64<<20 + 1<<20

// uploadQuery are the keys of the upload's old form, where the body is the bare
// archive, and our new_version.
var uploadQuery = []string{"application_file_name", "visibility", "private_resource", "async_upload", "skip_execution", "labels", "new_version"}

// uploadSettings are the settings of an upload, in either form.
type uploadSettings struct {
	ApplicationFileName string    `json:"application_file_name"`
	Visibility          string    `json:"visibility"`
	PrivateResource     boolean   `json:"private_resource"`
	Labels              labelList `json:"labels"`
	ArchiveURL          string    `json:"blueprint_archive_url"`
	// Uploads are compiled before they are answered, so these change nothing.
	AsyncUpload   boolean `json:"async_upload"`
	SkipExecution boolean `json:"skip_execution"`
	State         string  `json:"state"`
}

func (s uploadSettings) check() error {
	switch {
	case s.ArchiveURL != "":
		return invalid("this version does not fetch archives; download it and upload the file").On("blueprint_archive_url")
	case bool(s.PrivateResource):
		return onlyTeam("private")
	}
	return onlyTeam(s.Visibility)
}

// upload reads an archive with its settings: a form with the parts params and
// blueprint_archive, or the bare archive with settings in the query.
func (c *call) upload() (control.UploadBlueprint, error) {
	body := http.MaxBytesReader(c.Response(), c.Request().Body, maxUpload)
	kind, parameters, _ := mime.ParseMediaType(c.Request().Header.Get("Content-Type"))
	var settings uploadSettings
	var archive []byte
	var err error
	if kind == "multipart/form-data" {
		settings, archive, err = readForm(multipart.NewReader(body, parameters["boundary"]))
	} else {
		if settings, err = c.settingsFromQuery(); err == nil {
			archive, err = readAll(body)
		}
	}
	if err != nil {
		return control.UploadBlueprint{}, err
	}
	if err := settings.check(); err != nil {
		return control.UploadBlueprint{}, err
	}
	if len(archive) == 0 {
		return control.UploadBlueprint{}, invalid("there is no archive in the request; send the part blueprint_archive").On("blueprint_archive")
	}
	return control.UploadBlueprint{Archive: archive, MainFile: settings.ApplicationFileName, Labels: settings.Labels}, nil
}

func readForm(form *multipart.Reader) (settings uploadSettings, archive []byte, err error) {
	for {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			return settings, archive, nil
		}
		if err != nil {
			return settings, nil, uploadError(err)
		}
		data, err := readAll(part)
		if err != nil {
			return settings, nil, err
		}
		switch part.FormName() {
		case "params":
			if err := settings.read(data); err != nil {
				return settings, nil, err
			}
		case "blueprint_archive":
			archive = data
		}
		// Other parts are icons, which nothing shows.
	}
}

func (s *uploadSettings) read(data []byte) error {
	if err := json.Unmarshal(data, s); err != nil {
		if refused, ok := errors.AsType[*orchestrator.Error](err); ok {
			return refused
		}
		return invalid("the part params must be a JSON object of settings").On("params")
	}
	return nil
}

func (c *call) settingsFromQuery() (uploadSettings, error) {
	var s uploadSettings
	var err error
	if s.ApplicationFileName, err = c.one("application_file_name"); err != nil {
		return s, err
	}
	if s.Visibility, err = c.one("visibility"); err != nil {
		return s, err
	}
	private, err := c.truth("private_resource")
	s.PrivateResource = boolean(private)
	if err != nil || c.QueryParam("labels") == "" {
		return s, err
	}
	return s, s.Labels.UnmarshalJSON([]byte(c.QueryParam("labels")))
}

func readAll(from io.Reader) ([]byte, error) {
	data, err := io.ReadAll(from)
	if err != nil {
		return nil, uploadError(err)
	}
	return data, nil
}

func uploadError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return orchestrator.Errorf(orchestrator.TooLarge, "the upload has more than %d MB", tooLarge.Limit>>20)
	}
	return invalid("the upload ends too early or is no multipart form").Wrap(err)
}
