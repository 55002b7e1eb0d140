package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/database"
)

// AuditQuery selects audit rows, newest first.
type AuditQuery struct {
	Team   string
	Actor  string
	Action string
	Object string
	Search string // in actor, action and object
	Offset int
	Size   int // 0: all
}

const auditColumns = "seq, at, actor, team, remote_addr, action, object, before, after, hash"

func scanAudit(row scanner) (a orchestrator.Audit, err error) {
	var at int64
	err = row.Scan(&a.Seq, &at, &a.Actor, &a.Team, &a.From, &a.Action, &a.Object, &a.Before, &a.After, &a.Hash)
	a.At = database.Time(at)
	return a, err
}

// chainHash is the hash of a row that follows a row with the hash previous. The
// row is written as JSON, so that no two rows read the same.
func chainHash(previous string, a orchestrator.Audit) (string, error) {
	text, err := json.Marshal([]any{previous, a.Seq, database.Micros(a.At), a.Actor, a.Team, a.From, a.Action, a.Object, a.Before, a.After})
	if err != nil {
		return "", fmt.Errorf("write audit row: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// AppendAudit writes the next row of the chain; number and hash of the given
// row are ignored. Transactions that append go one after the other, from here
// to their commit: append last.
func (t *Tx) AppendAudit(ctx context.Context, a orchestrator.Audit) error {
	head, err := queryOne(ctx, t, errors.New("append audit row: the chain has no head"), "append audit row", scanHead,
		"UPDATE audit_head SET seq = seq + 1 WHERE id = 1 RETURNING seq, hash")
	if err != nil {
		return err
	}
	a.Seq = head.seq
	for _, text := range []*string{&a.Actor, &a.Team, &a.From, &a.Action, &a.Object, &a.Before, &a.After} {
		*text = cleanText(*text) // before it is hashed, so that it reads back the same
	}
	if a.Hash, err = chainHash(head.hash, a); err != nil {
		return err
	}
	if _, err := t.exec(ctx, "append audit row", "INSERT INTO audits ("+auditColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		a.Seq, database.Micros(a.At), a.Actor, a.Team, a.From, a.Action, a.Object, a.Before, a.After, a.Hash); err != nil {
		return err
	}
	_, err = t.exec(ctx, "append audit row", "UPDATE audit_head SET hash = $1 WHERE id = 1", a.Hash)
	return err
}

// auditHead is the end of the chain.
type auditHead struct {
	seq  int64
	hash string
}

func scanHead(row scanner) (h auditHead, err error) {
	err = row.Scan(&h.seq, &h.hash)
	return h, err
}

// Audits returns a page of audit rows, newest first, and how many there are.
func (t *Tx) Audits(ctx context.Context, q AuditQuery) ([]orchestrator.Audit, int, error) {
	var w where
	w.addIf("team", q.Team)
	w.addIf("actor", q.Actor)
	w.addIf("action", q.Action)
	w.addIf("object", q.Object)
	w.addSearch(q.Search, "actor", "action", "object")
	return queryPage(ctx, t, "list audit rows", scanAudit, auditColumns, "audits", &w, " ORDER BY seq DESC", q.Offset, q.Size)
}

// VerifyAudit walks the whole chain and says where it was tampered with: a row
// changed, taken out, put in, or cut off at the end.
func (t *Tx) VerifyAudit(ctx context.Context) (err error) {
	rows, err := t.tx.QueryContext(ctx, "SELECT "+auditColumns+" FROM audits ORDER BY seq")
	if err != nil {
		return fmt.Errorf("read audit rows: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var last auditHead
	for rows.Next() {
		a, err := scanAudit(rows)
		if err != nil {
			return fmt.Errorf("read audit rows: %w", err)
		}
		hash, err := chainHash(last.hash, a)
		if err != nil {
			return err
		}
		if a.Seq != last.seq+1 || a.Hash != hash {
			return brokenChain(last.seq + 1)
		}
		last = auditHead{a.Seq, a.Hash}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read audit rows: %w", err)
	}
	return t.verifyHead(ctx, last)
}

func (t *Tx) verifyHead(ctx context.Context, last auditHead) error {
	head, err := queryOne(ctx, t, brokenChain(last.seq+1), "read audit head", scanHead, "SELECT seq, hash FROM audit_head WHERE id = 1")
	if err != nil {
		return err
	}
	if head != last {
		return brokenChain(last.seq + 1)
	}
	return nil
}

func brokenChain(seq int64) error {
	return orchestrator.Errorf(orchestrator.Internal, "the audit record is broken at row %d: somebody changed, added or removed rows in the database itself", seq)
}
