// Package file keeps blobs as files in a folder that only its owner may read.
package file

import (
	"fmt"
	"net/url"
	"path/filepath"

	"gocloud.dev/blob/fileblob"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/blob"
)

// Open opens the folder of a URL file:///path/to/folder, making it when it is
// absent.
func Open(address string) (*blob.Store, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "file" || u.Host != "" || u.Path == "" {
		return nil, orchestrator.Errorf(orchestrator.Invalid,
			"the blob URL %q does not name a folder: it should read file:///path/to/folder", address)
	}
	bucket, err := fileblob.OpenBucket(filepath.FromSlash(u.Path), &fileblob.Options{
		CreateDir:   true,
		DirFileMode: 0o700,
		// Drafts lie beside the blobs, so that renaming them stays within one disk.
		NoTempDir: true,
		Metadata:  fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, fmt.Errorf("open blob folder %s: %w", u.Path, err)
	}
	return blob.New(bucket), nil
}
