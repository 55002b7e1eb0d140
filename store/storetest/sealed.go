package storetest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// testSealed writes a value everywhere it can lie and looks for it in every
// column of every table.
func testSealed(t *testing.T, s *store.Store) {
	writeSensitive(t, s)
	rows := 0
	for _, table := range tables(t, s) {
		for _, row := range dump(t, s, table) {
			rows++
			for name, form := range forms(sensitiveText) {
				if bytes.Contains(row, form) {
					t.Errorf("table %s holds the value %s", table, name)
				}
			}
		}
	}
	if rows < 8 {
		t.Errorf("only %d rows were searched", rows)
	}
}

// writeSensitive puts the value into every sealed column.
func writeSensitive(t testing.TB, s *store.Store) {
	t.Helper()
	d := seed(t, s, "env")
	e := sampleExecution("e1", d)
	marked := map[string]orchestrator.Value{"p": orchestrator.Mark(sensitiveText), "plain": sensitiveText}
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertInstances(ctx, []orchestrator.NodeInstance{sampleInstance(d, "vm_a1b2c3")}); err != nil {
			return err
		}
		if err := tx.MergeRuntime(ctx, d.UID, "vm_a1b2c3", marked, nil, false); err != nil {
			return err
		}
		graph := orchestrator.Graph{Format: orchestrator.GraphFormat, Steps: []orchestrator.Step{{ID: "a/1", Kwargs: marked}}}
		if err := tx.InsertExecution(ctx, e, graph); err != nil {
			return err
		}
		if err := tx.UpsertSteps(ctx, []orchestrator.StepRecord{{ExecutionID: "e1", StepID: "a/1", State: orchestrator.StepSucceeded, Result: sensitiveText}}); err != nil {
			return err
		}
		_, err := tx.PutSecret(ctx, orchestrator.Secret{Team: team(), Key: "k", Value: sensitiveText, Kind: orchestrator.SecretSensitive})
		return err
	})
}

// forms are the ways in which a value could lie about.
func forms(value string) map[string][]byte {
	found := map[string][]byte{"in clear": []byte(value), "in hex": []byte(hex.EncodeToString([]byte(value)))}
	for shift := range 3 { // base64 depends on what stands before
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + value))
		found[fmt.Sprint("in base64, shifted by ", shift)] = []byte(encoded[4 : len(encoded)-4])
	}
	return found
}

func tables(t testing.TB, s *store.Store) (names []string) {
	t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if s.Dialect() == store.Postgres {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA"
	}
	for _, row := range dumpQuery(t, s, query) {
		names = append(names, string(row))
	}
	return names
}

func dump(t testing.TB, s *store.Store, table string) [][]byte {
	t.Helper()
	return dumpQuery(t, s, "SELECT * FROM "+table)
}

// dumpQuery returns each row of a query as the bytes of its columns in turn.
func dumpQuery(t testing.TB, s *store.Store, query string) (all [][]byte) {
	t.Helper()
	rows, err := s.Writer().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new([]byte)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		var row []byte
		for _, value := range values {
			row = append(row, *value.(*[]byte)...)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// searchFiles looks for a value in every file below a folder.
func searchFiles(t testing.TB, folder, value string) {
	t.Helper()
	searched := 0
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		searched += len(content)
		for name, form := range forms(value) {
			if bytes.Contains(content, form) {
				t.Errorf("file %s holds the value %s", filepath.Base(path), name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if searched == 0 {
		t.Error("there was nothing to search")
	}
}
