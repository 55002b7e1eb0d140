// Package blob keeps archives under the digest of their content, in a bucket
// that one of its leaves opens by URL. It knows that bytes must match their
// name; it refuses to know what is in them.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Store keeps blobs by digest. It is safe for concurrent use.
type Store struct {
	bucket *blob.Bucket
}

// New returns a Store on the bucket, which it closes when it is closed.
func New(bucket *blob.Bucket) *Store { return &Store{bucket: bucket} }

// Put stores what it reads under its digest, sha256 in hex; the same content
// again changes nothing. Content that does not match its digest is not stored.
func (s *Store) Put(ctx context.Context, digest string, content io.Reader) error {
	name, err := nameOf(digest)
	if err != nil {
		return err
	}
	// Cancelling the writer's context is how gocloud throws away a half-written blob.
	writing, cancel := context.WithCancel(ctx)
	defer cancel()
	writer, err := s.bucket.NewWriter(writing, name, &blob.WriterOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return fmt.Errorf("store blob %s: %w", digest, err)
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(writer, hash), content)
	if err == nil && hex.EncodeToString(hash.Sum(nil)) != digest {
		err = errors.New("the content has another digest")
	}
	if err != nil {
		cancel()
		_ = writer.Close() // answers that it was cancelled
		return fmt.Errorf("store blob %s: %w", digest, err)
	}
	if err := writer.Close(); err != nil {
		return fmt.Errorf("store blob %s: %w", digest, err)
	}
	return nil
}

// Open returns the content of a blob; the caller closes it.
func (s *Store) Open(ctx context.Context, digest string) (io.ReadCloser, error) {
	name, err := nameOf(digest)
	if err != nil {
		return nil, err
	}
	reader, err := s.bucket.NewReader(ctx, name, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, orchestrator.Errorf(orchestrator.NotFound,
			"the archive %s is not in the blob store: upload the blueprint again, or check SLIPWAY_BLOB_URL", digest).Wrap(err)
	}
	if err != nil {
		return nil, fmt.Errorf("open blob %s: %w", digest, err)
	}
	return reader, nil
}

// Delete removes a blob; gone already is fine.
func (s *Store) Delete(ctx context.Context, digest string) error {
	name, err := nameOf(digest)
	if err != nil {
		return err
	}
	if err := s.bucket.Delete(ctx, name); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("delete blob %s: %w", digest, err)
	}
	return nil
}

// Close closes the bucket.
func (s *Store) Close() error { return s.bucket.Close() }

// Name is what the blob of a valid digest is called in the bucket: blobs are
// spread over 256 folders.
func Name(digest string) string { return digest[:2] + "/" + digest }

// nameOf keeps everything but digests out of names.
func nameOf(digest string) (string, error) {
	if sum, err := hex.DecodeString(digest); err != nil || len(sum) != sha256.Size || hex.EncodeToString(sum) != digest {
		return "", fmt.Errorf("%q is not a sha256 digest in lower-case hex", digest)
	}
	return Name(digest), nil
}
