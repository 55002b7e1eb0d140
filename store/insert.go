package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// insertSizes are the numbers of rows that one INSERT carries. PostgreSQL is
// far away, so it gets many at once, in few sizes, whose prepared statements
// are found again. SQLite looks parameters up by name, one after the other: 64
// rows at once cost it ten times what they cost one by one.
var insertSizes = map[Dialect][]int{Postgres: {64, 8, 1}, SQLite: {1}}

// insertRows writes rows of equal length. head ends before VALUES; tail is what
// follows, such as ON CONFLICT.
func (t *Tx) insertRows(ctx context.Context, doing, head, tail string, rows [][]any) error {
	for _, size := range insertSizes[t.store.Dialect()] {
		whole := len(rows) / size * size
		if whole == 0 {
			continue
		}
		text := head + " VALUES " + placeholders(size, len(rows[0])) + tail
		if err := t.insertChunks(ctx, text, size, rows[:whole]); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		rows = rows[whole:]
	}
	return nil
}

// insertChunks runs one statement for every size rows.
func (t *Tx) insertChunks(ctx context.Context, text string, size int, rows [][]any) (err error) {
	run := func(args []any) (sql.Result, error) { return t.tx.ExecContext(ctx, text, args...) }
	if t.store.Dialect() == SQLite { // its driver keeps no statements; PostgreSQL's does
		statement, prepareErr := t.tx.PrepareContext(ctx, text)
		if prepareErr != nil {
			return prepareErr
		}
		defer func() { err = errors.Join(err, statement.Close()) }()
		run = func(args []any) (sql.Result, error) { return statement.ExecContext(ctx, args...) }
	}
	for len(rows) > 0 {
		var args []any
		for _, row := range rows[:size] {
			args = append(args, row...)
		}
		if _, err := run(args); err != nil {
			return err
		}
		rows = rows[size:]
	}
	return nil
}

// placeholders is "($1, $2), ($3, $4)" for two rows of two columns.
func placeholders(rows, columns int) string {
	var out strings.Builder
	for i := range rows * columns {
		switch {
		case i == 0:
			out.WriteString("(")
		case i%columns == 0:
			out.WriteString("), (")
		default:
			out.WriteString(", ")
		}
		out.WriteString("$" + strconv.Itoa(i+1))
	}
	return out.String() + ")"
}
