package machine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"mvdan.cc/sh/v3/interp"
)

// The interpreter reaches files only through these: those of the machine's disk.

func (s shell) resolve(ctx context.Context, name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(interp.HandlerCtx(ctx).Dir, name)
}

// open is how redirections reach files.
func (s shell) open(ctx context.Context, name string, flag int, perm os.FileMode) (io.ReadWriteCloser, error) {
	name = s.resolve(ctx, name)
	switch name {
	case "/dev/null":
		return nowhere{}, nil
	case "/dev/stderr":
		return writerFile{interp.HandlerCtx(ctx).Stderr}, nil
	case "/dev/stdout":
		return writerFile{interp.HandlerCtx(ctx).Stdout}, nil
	}
	disk := s.program.machine.disk
	if flag&(os.O_WRONLY|os.O_RDWR) == 0 {
		data, err := disk.read(name)
		if err != nil {
			return nil, err
		}
		return readerFile{bytes.NewReader(data)}, nil
	}
	if err := s.mayWrite(name); err != nil {
		return nil, err
	}
	_, err := disk.stat(name)
	if flag&os.O_TRUNC != 0 || errors.Is(err, fs.ErrNotExist) {
		if err := disk.put(name, nil, perm&^0o022, s.user); err != nil {
			return nil, err
		}
	}
	return appendFile{disk, name}, nil
}

// mayWrite keeps a user who is not root out of the system's directories: a
// script that forgets sudo must fail here as it would there.
func (s shell) mayWrite(name string) error {
	if s.user == "root" {
		return nil
	}
	disk := s.program.machine.disk
	if f, err := disk.stat(name); err == nil && !f.Dir {
		if f.Owner == s.user || f.Mode&0o002 != 0 {
			return nil
		}
		return pathError("open", name, fs.ErrPermission)
	}
	if s.mayChange(path.Dir(name)) != nil {
		return pathError("open", name, fs.ErrPermission)
	}
	return nil
}

// mayChange reports whether the user may make and remove entries of a directory.
func (s shell) mayChange(dir string) error {
	f, err := s.program.machine.disk.stat(dir)
	if s.user == "root" || err != nil || f.Owner == s.user || sharedDirs[dir] {
		return nil // what is absent fails on its own
	}
	return pathError("open", dir, fs.ErrPermission)
}

var sharedDirs = map[string]bool{"/tmp": true, "/var/tmp": true, "/run/lock": true, "/dev": true}

func (s shell) stat(ctx context.Context, name string, _ bool) (fs.FileInfo, error) {
	name = s.resolve(ctx, name)
	f, err := s.program.machine.disk.stat(name)
	if name == "/dev/null" {
		f, err = file{Mode: 0o666}, nil
	}
	if err != nil {
		return nil, err
	}
	return info{path.Base(name), f}, nil
}

func (s shell) access(ctx context.Context, name string, mode interp.AccessMode) error {
	name = s.resolve(ctx, name)
	f, err := s.program.machine.disk.stat(name)
	if err != nil {
		return err
	}
	if mode&interp.AccessExec != 0 && !f.Dir && f.Mode&0o111 == 0 {
		return fs.ErrPermission
	}
	if mode&interp.AccessWrite != 0 {
		return s.mayWrite(name)
	}
	return nil
}

func (s shell) readDir(ctx context.Context, name string) ([]fs.DirEntry, error) {
	name = s.resolve(ctx, name)
	disk := s.program.machine.disk
	names, err := disk.list(name)
	if err != nil {
		return nil, err
	}
	entries := make([]fs.DirEntry, 0, len(names))
	for _, child := range names {
		f, err := disk.stat(path.Join(name, child))
		if err == nil { // else it went meanwhile
			entries = append(entries, fs.FileInfoToDirEntry(info{child, f}))
		}
	}
	return entries, nil
}
