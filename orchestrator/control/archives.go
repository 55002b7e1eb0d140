package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/slipwayhq/slipway/orchestrator/archive"
)

// The unpacked archives in memory: so many, and so many bytes together.
const (
	archivesKept = 64
	bytesKept    = 256 << 20
)

// archiveCache opens archives by name; a name's content never changes.
type archiveCache struct {
	archives Archives
	mu       sync.Mutex
	kept     map[string]fs.FS
	bytes    int
}

func newArchiveCache(archives Archives) *archiveCache {
	return &archiveCache{archives: archives, kept: map[string]fs.FS{}}
}

func (c *archiveCache) open(ctx context.Context, name string) (fs.FS, error) {
	c.mu.Lock()
	files, ok := c.kept[name]
	c.mu.Unlock()
	if ok {
		return files, nil
	}
	data, err := c.read(ctx, name)
	if err != nil {
		return nil, err
	}
	if files, err = archive.Unpack(data, archive.DefaultLimits()); err != nil {
		return nil, fmt.Errorf("unpack archive %s: %w", name, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(name, files)
	return files, nil
}

// keep remembers an unpacked archive, and forgets all others when there are too
// many. The caller holds the lock.
func (c *archiveCache) keep(name string, files fs.FS) {
	if _, ok := c.kept[name]; ok {
		return // somebody else was faster
	}
	size := sizeOf(files)
	if len(c.kept) >= archivesKept || c.bytes+size > bytesKept {
		clear(c.kept)
		c.bytes = 0
	}
	c.kept[name] = files
	c.bytes += size
}

func sizeOf(files fs.FS) int {
	unpacked, _ := files.(archive.Files)
	size := 0
	for _, content := range unpacked {
		size += len(content)
	}
	return size
}

// read returns the archive as it was stored.
func (c *archiveCache) read(ctx context.Context, name string) (_ []byte, err error) {
	content, err := c.archives.Open(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("read archive %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	data, err := io.ReadAll(content)
	if err != nil {
		return nil, fmt.Errorf("read archive %s: %w", name, err)
	}
	return data, nil
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
