// Package migrations holds the schema of the store as numbered steps, one
// folder for each database with the same numbers in both. It knows DDL and
// nothing of how it is applied.
package migrations

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// For returns the steps of a database: "sqlite" or "postgres".
func For(database string) (fs.FS, error) {
	folder, err := fs.Sub(files, database)
	if err != nil {
		return nil, fmt.Errorf("open migrations of %s: %w", database, err)
	}
	return folder, nil
}
