package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"mime/multipart"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/archive"
)

// source is a blueprint on this machine: its files, and where they are.
type source struct {
	// place is the folder or archive that the files are in, as it was given.
	place    string
	files    fs.FS
	mainFile string // "" when it was not named
	archive  []byte // nil until a folder is packed
}

// read returns the text that a finding points into.
func (s source) read(file string) ([]byte, bool) {
	if s.files == nil || file == "" {
		return nil, false
	}
	text, err := fs.ReadFile(s.files, file)
	return text, err == nil
}

// open reads a main file with its folder, a folder, or an archive.
func open(path, mainFile string) (source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return source{}, fmt.Errorf("read blueprint: %w; give the main YAML file, its folder, or an archive", err)
	}
	switch {
	case info.IsDir():
		return openFolder(path, mainFile)
	case isYAML(path):
		if mainFile != "" {
			return source{}, &UsageError{fmt.Errorf("%s is a main file itself; leave -n out, or give the folder", path)}
		}
		return openFolder(filepath.Dir(path), filepath.Base(path))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return source{}, fmt.Errorf("read blueprint: %w", err)
	}
	files, err := archive.Unpack(data, archive.DefaultLimits())
	if err != nil {
		return source{}, fmt.Errorf("%s: %w", path, err)
	}
	return source{place: path, files: files, mainFile: mainFile, archive: data}, nil
}

func openFolder(dir, mainFile string) (source, error) {
	files := folder{os.DirFS(dir)}
	if err := checkFolder(files, dir); err != nil {
		return source{}, err
	}
	return source{place: dir, files: files, mainFile: mainFile}, nil
}

func isYAML(path string) bool {
	extension := strings.ToLower(filepath.Ext(path))
	return extension == ".yaml" || extension == ".yml"
}

// checkFolder refuses, before anything is read, what the server would refuse,
// so that a slip (the home folder, say) costs nothing.
func checkFolder(files fs.FS, dir string) error {
	limits := archive.DefaultLimits()
	count, bytes := 0, int64(0)
	return fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read blueprint: %w", err)
		}
		if entry.IsDir() {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return fmt.Errorf("read blueprint: %w", err)
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is a link or no regular file; a blueprint holds files only", filepath.Join(dir, name))
		}
		count, bytes = count+1, bytes+info.Size()
		if count > limits.Files || bytes > limits.Unpacked {
			return fmt.Errorf("the folder %s holds over %d files or %d MB; is it the blueprint's own folder?", dir, limits.Files, limits.Unpacked>>20)
		}
		return nil
	})
}

// folder is a file system without its .git folders, which are nobody's
// blueprint and may hold credentials.
type folder struct{ fs.FS }

// ReadDir implements fs.ReadDirFS.
func (f folder) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(f.FS, name)
	kept := entries[:0]
	for _, entry := range entries {
		if entry.Name() != ".git" {
			kept = append(kept, entry)
		}
	}
	return kept, err
}

// form writes the upload as the contract has it: settings and archive as parts.
func (s source) form(visibility string, labels []map[string]string) (body []byte, contentType string, err error) {
	settings := map[string]any{"visibility": visibility, "application_file_name": url.PathEscape(s.mainFile)}
	pairs := []map[string]string{}
	for _, label := range labels {
		for key, value := range label {
			pairs = append(pairs, map[string]string{"key": key, "value": value})
		}
	}
	if len(pairs) > 0 {
		settings["labels"] = pairs
	}
	params, err := json.Marshal(settings)
	if err != nil {
		return nil, "", fmt.Errorf("write upload: %w", err)
	}
	if s.archive == nil {
		if s.archive, err = archive.Pack(s.files); err != nil {
			return nil, "", err
		}
	}
	var buffer bytes.Buffer
	form := multipart.NewWriter(&buffer)
	if err := form.WriteField("params", string(params)); err != nil {
		return nil, "", fmt.Errorf("write upload: %w", err)
	}
	part, err := form.CreateFormFile("blueprint_archive", "blueprint_archive")
	if err != nil {
		return nil, "", fmt.Errorf("write upload: %w", err)
	}
	if _, err := part.Write(s.archive); err != nil {
		return nil, "", fmt.Errorf("write upload: %w", err)
	}
	if err := form.Close(); err != nil {
		return nil, "", fmt.Errorf("write upload: %w", err)
	}
	return buffer.Bytes(), form.FormDataContentType(), nil
}
