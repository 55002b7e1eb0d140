// Package blob keeps archives in a bucket that one of its leaves opens by URL.
// An archive's name begins with the digest of its content (sha256 in hex); a dot
// and letters, digits and dashes may follow, which tell apart archives with the
// same content. It knows that bytes must match their name; it refuses to know
// what is in them.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Store keeps blobs by name. It is safe for concurrent use.
type Store struct {
	bucket *blob.Bucket
}

// New returns a Store on the bucket, which it closes when it is closed.
func New(bucket *blob.Bucket) *Store { return &Store{bucket: bucket} }

// Put stores what it reads under its name; the same again changes nothing.
// Content that does not match the digest in its name is not stored.
func (s *Store) Put(ctx context.Context, name string, content io.Reader) error {
	digest, err := digestIn(name)
	if err != nil {
		return err
	}
	// Cancelling the writer's context is how gocloud throws away a half-written blob.
	writing, cancel := context.WithCancel(ctx)
	defer cancel()
	writer, err := s.bucket.NewWriter(writing, Path(name), &blob.WriterOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return fmt.Errorf("store blob %s: %w", name, err)
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(writer, hash), content)
	if err == nil && hex.EncodeToString(hash.Sum(nil)) != digest {
		err = errors.New("the content has another digest")
	}
	if err != nil {
		cancel()
		_ = writer.Close() // answers that it was cancelled
		return fmt.Errorf("store blob %s: %w", name, err)
	}
	if err := writer.Close(); err != nil {
		return fmt.Errorf("store blob %s: %w", name, err)
	}
	return nil
}

// Open returns the content of a blob; the caller closes it.
func (s *Store) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if _, err := digestIn(name); err != nil {
		return nil, err
	}
	reader, err := s.bucket.NewReader(ctx, Path(name), nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, orchestrator.Errorf(orchestrator.NotFound,
			"the archive %s is not in the blob store: upload the blueprint again, or check SLIPWAY_BLOB_URL", name).Wrap(err)
	}
	if err != nil {
		return nil, fmt.Errorf("open blob %s: %w", name, err)
	}
	return reader, nil
}

// Delete removes a blob; gone already is fine.
func (s *Store) Delete(ctx context.Context, name string) error {
	if _, err := digestIn(name); err != nil {
		return err
	}
	if err := s.bucket.Delete(ctx, Path(name)); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("delete blob %s: %w", name, err)
	}
	return nil
}

// Close closes the bucket.
func (s *Store) Close() error { return s.bucket.Close() }

// Path is where the blob of a valid name lies in the bucket: blobs are spread
// over 256 folders.
func Path(name string) string { return name[:2] + "/" + name }

// wellFormed are the names that blobs may have.
var wellFormed = regexp.MustCompile(`^([0-9a-f]{64})(\.[0-9a-z-]{1,64})?$`)

// digestIn returns the digest that a name begins with.
func digestIn(name string) (string, error) {
	parts := wellFormed.FindStringSubmatch(name)
	if parts == nil {
		return "", fmt.Errorf("%q does not begin with a sha256 digest in lower-case hex", name)
	}
	return parts[1], nil
}
