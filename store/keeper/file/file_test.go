package file_test

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/keeper"
	"github.com/slipwayhq/slipway/store/keeper/file"
)

var _ keeper.Keeper = (*file.Keeper)(nil)

func TestKeyLasts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new folder", "key")
	address := (&url.URL{Scheme: "file", Path: path}).String()
	first, err := file.Open(address)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key has mode %04o", info.Mode().Perm())
	}
	wrapped, err := first.Encrypt(t.Context(), []byte("data key"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := file.Open(address)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := second.Decrypt(t.Context(), wrapped); err != nil || !bytes.Equal(got, []byte("data key")) {
		t.Errorf("a later start unwraps it: got %q, %v", got, err)
	}
	if first.Fingerprint() != second.Fingerprint() {
		t.Error("the same key has two fingerprints")
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("drafts were left: %v, %v", entries, err)
	}
	other, err := file.Open("file://" + filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	if other.Fingerprint() == first.Fingerprint() {
		t.Error("two keys have the same fingerprint")
	}
	for name, damaged := range map[string][]byte{"another key": wrapped, "half a key": wrapped[:10], "nothing": nil} {
		if _, err := other.Decrypt(t.Context(), damaged); err == nil {
			t.Errorf("%s was unwrapped", name)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := map[string]struct {
		reason  string
		content string
		mode    os.FileMode
		want    string
	}{
		"GroupReads": {"who reads the key and the database reads all secrets", strings.Repeat("A", 43) + "=\n", 0o640, "chmod 600"},
		"OthersRead": {"or others", strings.Repeat("A", 43) + "=\n", 0o604, "mode 0604"},
		"Garbage":    {"and the text stays out of the message", "not-a-key-but-maybe-a-secret", 0o600, "does not hold a key"},
		"TooShort":   {"a key has 32 bytes", "QUFB\n", 0o600, "does not hold a key"},
		"Empty":      {"a file that was never finished", "", 0o600, "does not hold a key"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			_, err := file.Open("file://" + path)
			if orchestrator.ErrorCode(err) != orchestrator.Unavailable || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: got %v, want it to mention %q", test.reason, err, test.want)
			}
			if test.content != "" && strings.Contains(err.Error(), strings.TrimSpace(test.content)) {
				t.Errorf("the message tells the content: %v", err)
			}
			if after, err := os.ReadFile(path); err != nil || string(after) != test.content {
				t.Errorf("the file was touched: %q, %v", after, err)
			}
		})
	}
}

func TestOpenRefusesOtherURLs(t *testing.T) {
	for _, address := range []string{"", "key", "/var/key", "file://host/key", "file://", "awskms://x", "file:key"} {
		if _, err := file.Open(address); orchestrator.ErrorCode(err) != orchestrator.Invalid {
			t.Errorf("%q: got %v, want it refused as invalid", address, err)
		}
	}
}

// TestFirstStartsAtOnce lets many servers make the key of a shared folder.
func TestFirstStartsAtOnce(t *testing.T) {
	address := "file://" + filepath.Join(t.TempDir(), "key")
	fingerprints := make(chan string)
	const servers = 16
	for range servers {
		go func() {
			k, err := file.Open(address)
			if err != nil {
				fingerprints <- err.Error()
				return
			}
			fingerprints <- k.Fingerprint()
		}()
	}
	first := <-fingerprints
	for range servers - 1 {
		if other := <-fingerprints; other != first {
			t.Errorf("one server has %s, another %s", first, other)
		}
	}
}
