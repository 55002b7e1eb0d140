//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package database

import (
	"errors"
	"runtime"
)

// Lock refuses: without a lock two processes could ruin each other's work.
func Lock(string) (release func() error, err error) {
	return nil, errors.New("an SQLite database needs file locks, which slipway does not know on " + runtime.GOOS + ": use PostgreSQL")
}

func isReadOnlyFileSystem(error) bool { return false }
