package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
)

// Pack writes all files as a tar.gz. Equal files make equal bytes: names are
// sorted and no times are written.
func Pack(files fs.FS) ([]byte, error) {
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	writer := tar.NewWriter(zipped)
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		header := &tar.Header{Name: name, Size: int64(len(data)), Mode: int64(info.Mode().Perm()) | 0o444, Typeflag: tar.TypeReg}
		if err := writer.WriteHeader(header); err != nil {
			return err
		}
		_, err = writer.Write(data)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("pack archive: %w", err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("pack archive: %w", err)
	}
	if err := zipped.Close(); err != nil {
		return nil, fmt.Errorf("pack archive: %w", err)
	}
	return packed.Bytes(), nil
}
