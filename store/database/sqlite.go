package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/slipwayhq/slipway/orchestrator"
)

// openSQLite opens a file with one writing connection and a pool of reading
// ones: a second writer on the same file would make both wait for seconds.
func (d *DB) openSQLite(ctx context.Context, options Options) error {
	path := options.URL
	d.dialect, d.name = SQLite, path
	if err := prepareFile(path); err != nil {
		return err
	}
	release, err := Lock(path + ".lock")
	if err != nil {
		return err
	}
	d.release = release
	if d.writer, err = openWriter(ctx, path, options.Relaxed); err != nil {
		return fmt.Errorf("open database %s: %w", path, err)
	}
	if d.reader, err = openReader(path); err != nil {
		return fmt.Errorf("open database %s for reading: %w", path, err)
	}
	return nil
}

// prepareFile creates the folder and the file, readable by their owner only;
// SQLite gives its side files the same mode.
func prepareFile(path string) error {
	if path == "" {
		return orchestrator.Errorf(orchestrator.Invalid, "no database given: name an SQLite file or a postgres:// URL")
	}
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		var file *os.File
		if file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err == nil {
			err = file.Close()
		}
	}
	if isNotWritable(err) {
		return notWritable("the database "+path, err)
	}
	if err != nil {
		return fmt.Errorf("create database %s: %w", path, err)
	}
	return nil
}

func isNotWritable(err error) bool {
	return errors.Is(err, fs.ErrPermission) || isReadOnlyFileSystem(err)
}

func notWritable(what string, err error) error {
	return orchestrator.Errorf(orchestrator.Unavailable,
		"%s cannot be written: give this user write access to the file and its folder, or choose another folder with SLIPWAY_DATA_DIR", what).Wrap(err)
}

// openWriter opens the one writing connection: WAL, every commit synced,
// transactions that take the write lock when they begin, and deleted text
// overwritten.
func openWriter(ctx context.Context, path string, relaxed bool) (*sql.DB, error) {
	synchronous := "synchronous(FULL)"
	if relaxed {
		synchronous = "synchronous(NORMAL)"
	}
	db, err := sql.Open("sqlite", sqliteURL(path, url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", synchronous, "foreign_keys(1)", "secure_delete(1)", "cache_size(-16000)"},
	}))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// openReader opens a pool that can only read.
func openReader(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", sqliteURL(path, url.Values{
		"mode":    {"ro"},
		"_pragma": {"busy_timeout(10000)", "query_only(1)", "cache_size(-8000)"},
	}))
	if err != nil {
		return nil, err
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	db.SetMaxOpenConns(readers)
	db.SetMaxIdleConns(readers)
	return db, nil
}

func sqliteURL(path string, parameters url.Values) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: parameters.Encode()}).String()
}
