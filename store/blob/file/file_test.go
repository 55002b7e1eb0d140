package file_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/blob/file"
)

func open(t *testing.T, folder string) *file.Store {
	t.Helper()
	blobs, err := file.Open("file://" + folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := blobs.Close(); err != nil {
			t.Error(err)
		}
	})
	return blobs
}

func digestOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func read(t *testing.T, blobs *file.Store, digest string) string {
	t.Helper()
	reader, err := blobs.Open(t.Context(), digest)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(reader)
	if err := errors.Join(err, reader.Close()); err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// files lists what lies in the folder.
func files(t *testing.T, folder string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestPutAndOpen(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "blobs")
	blobs := open(t, folder)
	digest := digestOf("an archive")
	for range 2 { // the same again changes nothing
		if err := blobs.Put(t.Context(), digest, strings.NewReader("an archive")); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, blobs, digest); got != "an archive" {
		t.Errorf("got %q", got)
	}
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is open to others: %v, %v", info.Mode(), err)
	}
	if got := read(t, open(t, folder), digest); got != "an archive" {
		t.Errorf("another server on the folder reads %q", got)
	}
	if err := blobs.Put(t.Context(), digest+".its-own", strings.NewReader("an archive")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // gone already is fine
		if err := blobs.Delete(t.Context(), digest); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := blobs.Open(t.Context(), digest); orchestrator.ErrorCode(err) != orchestrator.NotFound {
		t.Errorf("what was deleted: got %v, want not found", err)
	}
	if got := read(t, blobs, digest+".its-own"); got != "an archive" {
		t.Errorf("the other archive of the same content is %q", got)
	}
}

func TestPutRefuses(t *testing.T) {
	broken := errors.New("the line went dead")
	digest := digestOf("an archive")
	tests := map[string]struct {
		reason  string
		digest  string
		content io.Reader
	}{
		"OtherContent": {"bytes match their name", digest, strings.NewReader("another archive")},
		"Broken":       {"half an archive is none", digest, io.MultiReader(strings.NewReader("an arch"), iotest.ErrReader(broken))},
		"Escape":       {"names cannot leave the folder", "../../etc/passwd", strings.NewReader("x")},
		"UpperCase":    {"one content has one name", strings.ToUpper(digest), strings.NewReader("an archive")},
		"Empty":        {"a name is needed", "", strings.NewReader("")},
		"OtherOwn":     {"also where more follows the digest", digest + ".2", strings.NewReader("another archive")},
		"EscapeAfter":  {"nor by what follows the digest", digest + "./../../x", strings.NewReader("an archive")},
		"LineAfter":    {"a name is one line", digest + ".2\n", strings.NewReader("an archive")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			if err := open(t, folder).Put(t.Context(), test.digest, test.content); err == nil {
				t.Errorf("%s: it was stored", test.reason)
			}
			if left := files(t, folder); len(left) > 0 {
				t.Errorf("%s: %v was left behind", test.reason, left)
			}
		})
	}
}

func TestOpenRefusesOtherURLs(t *testing.T) {
	for _, address := range []string{"", "blobs", "/var/blobs", "file://host/blobs", "s3://bucket"} {
		if _, err := file.Open(address); orchestrator.ErrorCode(err) != orchestrator.Invalid {
			t.Errorf("%q: got %v, want it refused as invalid", address, err)
		}
	}
}
