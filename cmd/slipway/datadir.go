package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// openDataDir makes the data folder and proves that it can be written to.
func openDataDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the data folder %s cannot be made: %w; choose another with --data-dir", dir, errors.Unwrap(err))
	}
	probe, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return fmt.Errorf("the data folder %s cannot be written to (%w); give this user write permission or choose another with --data-dir", dir, errors.Unwrap(err))
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// serverName returns this server's name in leases: made once per data folder,
// so that a server which starts again takes its own executions back at once.
func serverName(dir string) (string, error) {
	path := filepath.Join(dir, "server-id")
	text, err := os.ReadFile(path)
	if err == nil && strings.TrimSpace(string(text)) != "" {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read server id: %w", err)
	}
	name := "server-" + strings.ToLower(rand.Text()[:12])
	return name, writePrivate(path, name)
}

// writePrivate writes a file that only this user may read, replacing it whole.
func writePrivate(path, text string) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, []byte(text+"\n"), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}
