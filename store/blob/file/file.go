// Package file keeps blobs as files in a folder that only its owner may read.
package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"gocloud.dev/blob/fileblob"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/blob"
)

// Store is a blob.Store whose blobs have reached the disk when Put returns: a
// row that names an archive must not outlive it when the power fails.
type Store struct {
	*blob.Store
	folder string
}

// Open opens the folder of a URL file:///path/to/folder, making it when it is
// absent.
func Open(address string) (*Store, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "file" || u.Host != "" || u.Path == "" {
		return nil, orchestrator.Errorf(orchestrator.Invalid,
			"the blob URL %q does not name a folder: it should read file:///path/to/folder", address)
	}
	folder := filepath.FromSlash(u.Path)
	bucket, err := fileblob.OpenBucket(folder, &fileblob.Options{
		CreateDir:   true,
		DirFileMode: 0o700,
		// Drafts lie beside the blobs, so that renaming them stays within one disk.
		NoTempDir: true,
		Metadata:  fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, fmt.Errorf("open blob folder %s: %w", folder, err)
	}
	return &Store{Store: blob.New(bucket), folder: folder}, nil
}

// Put stores what it reads under its name; see blob.Store.
func (s *Store) Put(ctx context.Context, name string, content io.Reader) error {
	if err := s.Store.Put(ctx, name, content); err != nil {
		return err
	}
	path := filepath.Join(s.folder, filepath.FromSlash(blob.Path(name)))
	for _, part := range []string{path, filepath.Dir(path), s.folder} { // the file and the names that lead to it
		if err := syncToDisk(part); err != nil {
			return fmt.Errorf("store blob %s: %w", name, err)
		}
	}
	return nil
}

func syncToDisk(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
