package migrations_test

import (
	"io/fs"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/store/migrations"
)

// columns finds what a column is called, and tables what a table is.
var (
	columns = regexp.MustCompile(`(?m)^    ([a-z_]+) +(?:TEXT|BIGINT|BOOLEAN|BLOB|BYTEA)\b`)
	tables  = regexp.MustCompile(`(?m)^CREATE (?:UNIQUE )?(?:TABLE|INDEX) ([a-z_]+)`)
)

// TestDatabasesAreAlike holds the two schemas to the same numbers and the same
// tables, indexes and columns.
func TestDatabasesAreAlike(t *testing.T) {
	if diff := cmp.Diff(outline(t, "sqlite"), outline(t, "postgres")); diff != "" {
		t.Errorf("the schemas differ (-sqlite +postgres):\n%s", diff)
	}
}

func outline(t *testing.T, database string) map[string][]string {
	t.Helper()
	folder, err := migrations.For(database)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, entry := range entries {
		text, err := fs.ReadFile(folder, entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, pattern := range []*regexp.Regexp{tables, columns} {
			for _, match := range pattern.FindAllSubmatch(text, -1) {
				found[entry.Name()] = append(found[entry.Name()], string(match[1]))
			}
		}
	}
	if len(found["00001_init.sql"]) < 100 {
		t.Fatalf("%s: only %d names were found", database, len(found["00001_init.sql"]))
	}
	return found
}
