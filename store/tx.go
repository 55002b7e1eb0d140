package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// Tx is one transaction. Its methods are spread over the files of their nouns;
// they may be used only inside the function that received the Tx.
type Tx struct {
	tx     *sql.Tx
	store  *Store
	nudged map[string]bool // root ids to announce with the commit
}

// SQL returns the transaction underneath, for the queue's own rows.
func (t *Tx) SQL() *sql.Tx { return t.tx }

// InTx runs change in a transaction of its own, as if nothing else ran at the
// same time, and commits when change returns nil. On SQLite changes queue up
// for the one writing connection; on PostgreSQL they are serializable, and one
// that collided with another is run again: change must not have effects outside
// of its transaction. A change inside of a change would wait for itself.
func (s *Store) InTx(ctx context.Context, change func(*Tx) error) error {
	var t *Tx
	err := s.db.Change(ctx, func(tx *sql.Tx) error {
		t = &Tx{tx: tx, store: s}
		if err := change(t); err != nil {
			return err
		}
		return t.announceWithCommit(ctx)
	})
	if err != nil {
		return err
	}
	t.announceAfterCommit()
	return nil
}

// View runs read on one unchanging snapshot that cannot be written to.
func (s *Store) View(ctx context.Context, read func(*Tx) error) error {
	return s.db.Read(ctx, func(tx *sql.Tx) error { return read(&Tx{tx: tx, store: s}) })
}

// exec runs a statement; doing says what for, in messages.
func (t *Tx) exec(ctx context.Context, doing, query string, args ...any) (sql.Result, error) {
	result, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	return result, nil
}

// execOne runs a statement that must touch a row; otherwise it answers missing.
func (t *Tx) execOne(ctx context.Context, missing error, doing, query string, args ...any) error {
	result, err := t.exec(ctx, doing, query, args...)
	if err != nil {
		return err
	}
	rows, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if rows == 0 {
		return missing
	}
	return nil
}

// scanner is a *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// queryAll reads every row with scan.
func queryAll[T any](ctx context.Context, t *Tx, doing string, scan func(scanner) (T, error), query string, args ...any) (_ []T, err error) {
	rows, err := t.tx.QueryContext(ctx, query, askable(args)...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var all []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", doing, err)
		}
		all = append(all, item)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	return all, nil
}

// queryOne reads one row with scan; no row answers missing.
func queryOne[T any](ctx context.Context, t *Tx, missing error, doing string, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	item, err := scan(t.tx.QueryRowContext(ctx, query, askable(args)...))
	if errors.Is(err, sql.ErrNoRows) {
		return item, missing
	}
	if err != nil {
		return item, fmt.Errorf("%s: %w", doing, err)
	}
	return item, nil
}

// askable makes what is asked for storable text: what people ask for by a name
// that no row can have is not found, where PostgreSQL would refuse the question.
func askable(args []any) []any {
	asked := slices.Clone(args)
	for i, arg := range asked {
		if text, ok := arg.(string); ok {
			asked[i] = cleanText(text)
		}
	}
	return asked
}

// scanString reads rows of one text column.
func scanString(row scanner) (text string, err error) {
	err = row.Scan(&text)
	return text, err
}

// scanInt reads rows of one whole number.
func scanInt(row scanner) (n int, err error) {
	err = row.Scan(&n)
	return n, err
}

// scanInt64 reads rows of one large whole number.
func scanInt64(row scanner) (n int64, err error) {
	err = row.Scan(&n)
	return n, err
}

// longer is a scanner for rows with more columns than its user knows.
type longer struct {
	row  scanner
	more []any
}

func (l longer) Scan(dest ...any) error { return l.row.Scan(append(dest, l.more...)...) }

// withMore reads additional columns at the end of each row.
func withMore(row scanner, more ...any) scanner { return longer{row, more} }
