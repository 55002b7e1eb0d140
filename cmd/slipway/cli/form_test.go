package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/archive"
)

// formText tells an upload on one line: its settings, and the files of its
// archive.
func formText(contentType string, body []byte) string {
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return err.Error()
	}
	var told []string
	for parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"]); ; {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return strings.Join(told, "; ")
		}
		if err != nil {
			return err.Error()
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return err.Error()
		}
		if part.FormName() == "blueprint_archive" {
			data = []byte(archiveText(data))
		}
		told = append(told, fmt.Sprintf("%s=%s", part.FormName(), data))
	}
}

func archiveText(data []byte) string {
	files, err := archive.Unpack(data, archive.DefaultLimits())
	if err != nil {
		return err.Error()
	}
	var names []string
	err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return err.Error()
	}
	return strings.Join(names, ",")
}
