//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package database

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Lock takes the lock that keeps a second process from the same database or data
// folder.
// The kernel gives it back when the process ends, however it ends.
func Lock(path string) (release func() error, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if isNotWritable(err) {
		return nil, notWritable("the lock file "+path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(orchestrator.Errorf(orchestrator.Unavailable,
			"another process uses this database or data folder (it holds %s): stop the other slipway first, or give this one a data folder of its own with SLIPWAY_DATA_DIR", path), file.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
	}
	return func() error {
		if err := file.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
			return err
		}
		return nil
	}, nil
}

func isReadOnlyFileSystem(err error) bool { return errors.Is(err, syscall.EROFS) }
