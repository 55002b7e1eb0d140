package machine

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"
)

// guarded lets background jobs share a stream.
type guarded struct {
	mu sync.Mutex
	to io.Writer
}

func (g *guarded) Write(p []byte) (int, error) {
	if g.to == nil {
		return len(p), nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.to.Write(p)
}

// remembered is a stream that leaves the machine: what has been shown to the
// world must not be forgotten when the server dies in the next moment.
type remembered struct {
	program *program
	to      io.Writer
}

func (r remembered) Write(p []byte) (int, error) {
	disk := r.program.machine.disk
	if disk.changed() {
		if err := disk.commit(r.program.ctx); err != nil {
			return 0, err
		}
	}
	return r.to.Write(p)
}

var errDirection = errors.New("bad file descriptor")

// nowhere is /dev/null.
type nowhere struct{}

func (nowhere) Read([]byte) (int, error)    { return 0, io.EOF }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) Close() error                { return nil }

type readerFile struct{ io.Reader }

func (readerFile) Write([]byte) (int, error) { return 0, errDirection }
func (readerFile) Close() error              { return nil }

type writerFile struct{ io.Writer }

func (writerFile) Read([]byte) (int, error) { return 0, errDirection }
func (writerFile) Close() error             { return nil }

// appendFile adds to a file of the machine.
type appendFile struct {
	disk *disk
	name string
}

func (appendFile) Read([]byte) (int, error) { return 0, errDirection }
func (appendFile) Close() error             { return nil }

func (f appendFile) Write(p []byte) (int, error) {
	if err := f.disk.append(f.name, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// info is a file as the shell's tests see it.
type info struct {
	name string
	file
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return int64(len(i.Data)) }
func (i info) ModTime() time.Time { return i.Time }
func (i info) IsDir() bool        { return i.Dir }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.Dir {
		return i.file.Mode | fs.ModeDir
	}
	return i.file.Mode
}

// reason is the part of a file error that commands print.
func reason(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "No such file or directory"
	}
	if errors.Is(err, fs.ErrPermission) {
		return "Permission denied"
	}
	if errors.Is(err, fs.ErrExist) {
		return "File exists"
	}
	if broken, ok := errors.AsType[*fs.PathError](err); ok {
		text := broken.Err.Error()
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return err.Error()
}
