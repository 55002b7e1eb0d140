// Package file keeps the master key in a file that only its owner may read. It
// makes the file at first start and refuses one that others can read, since
// whoever reads the key and the database reads every secret.
package file

import (
	"context"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Keeper wraps keys with the key of a file.
type Keeper struct {
	aead        cipher.AEAD
	fingerprint string
}

// Open reads the key of a URL file:///path/to/key, making it when it is absent.
func Open(address string) (*Keeper, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "file" || u.Host != "" || u.Path == "" {
		return nil, orchestrator.Errorf(orchestrator.Invalid,
			"the keeper URL %q does not name a file: it should read file:///path/to/key", address)
	}
	key, err := readKey(u.Path)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = makeKey(u.Path)
	}
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fmt.Errorf("use key of %s: %w", u.Path, err)
	}
	return &Keeper{aead: aead, fingerprint: fingerprint(key)}, nil
}

// fingerprint cannot be turned back into the key, and is not the key's own hash.
func fingerprint(key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("slipway key fingerprint"))
	return "file:" + hex.EncodeToString(mac.Sum(nil)[:8])
}

func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, orchestrator.Errorf(orchestrator.Unavailable,
			"the key file %s can be read by others (mode %04o): make it private with chmod 600", path, mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != chacha20poly1305.KeySize {
		// Neither the text nor the decoder's message may reach a log.
		return nil, orchestrator.Errorf(orchestrator.Unavailable,
			"the key file %s does not hold a key (32 bytes in base64): restore it from a backup", path)
	}
	return key, nil
}

// makeKey writes a new key whole or not at all: a name appears only once the
// bytes are on the disk, and a key that somebody else made meanwhile stays.
func makeKey(path string) ([]byte, error) {
	key := make([]byte, chacha20poly1305.KeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("draw key: %w", err)
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("create folder of key file: %w", err)
	}
	draft, err := os.CreateTemp(folder, ".key-*") // 0600
	if err != nil {
		return nil, fmt.Errorf("create key file: %w", err)
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, err = draft.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return nil, fmt.Errorf("write key file: %w", err)
	}
	err = os.Link(draft.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return readKey(path)
	}
	if err == nil {
		err = syncFolder(folder) // a lost key is a lost database
	}
	if err != nil {
		return nil, fmt.Errorf("create key file: %w", err)
	}
	return key, nil
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Encrypt wraps a key.
func (k *Keeper) Encrypt(_ context.Context, plain []byte) ([]byte, error) {
	nonce := make([]byte, k.aead.NonceSize(), k.aead.NonceSize()+len(plain)+k.aead.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("draw nonce: %w", err)
	}
	return k.aead.Seal(nonce, nonce, plain, nil), nil
}

// Decrypt unwraps a key that this file's key wrapped.
func (k *Keeper) Decrypt(_ context.Context, wrapped []byte) ([]byte, error) {
	if len(wrapped) < k.aead.NonceSize() {
		return nil, errors.New("not a wrapped key")
	}
	plain, err := k.aead.Open(nil, wrapped[:k.aead.NonceSize()], wrapped[k.aead.NonceSize():], nil)
	if err != nil {
		return nil, errors.New("wrapped by another key, or damaged")
	}
	return plain, nil
}

// Fingerprint names the key without telling it.
func (k *Keeper) Fingerprint() string { return k.fingerprint }

// Close does nothing: no file stays open.
func (k *Keeper) Close() error { return nil }
