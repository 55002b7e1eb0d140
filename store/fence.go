package store

import (
	"context"
	"slices"
	"strings"
)

// Lease is a server's claim, in a group commit, that it still runs an execution
// and wants to write for it.
type Lease struct {
	ExecutionID string
	RootID      string // may be empty when Events is 0
	Epoch       int64
	Events      int // how many event numbers of the root are wanted
}

// Grant answers a Lease.
type Grant struct {
	OK bool // false: another server has the execution; write nothing for it
	// FirstSeq is the first of the granted event numbers; the others follow.
	FirstSeq int64
}

// Fence opens a group commit: it locks the executions of the batch and their
// roots in the order of their ids, so that batches cannot block each other
// crosswise, and tells which leases still hold. The locks are updates: on
// PostgreSQL a mere look at the epoch would let a stale server commit after the
// takeover. Leases that hold get consecutive event numbers of their root, in
// the order of the batch.
func (t *Tx) Fence(ctx context.Context, leases []Lease) ([]Grant, error) {
	grants := make([]Grant, len(leases))
	plan := planFence(leases)
	for _, row := range plan {
		if err := t.lock(ctx, leases, grants, row); err != nil {
			return nil, err
		}
	}
	for _, row := range plan {
		if err := t.number(ctx, leases, grants, row); err != nil {
			return nil, err
		}
	}
	return grants, nil
}

// fenceRow is one row of executions that a batch touches: the leases that claim
// it, and those that want numbers from it, as indexes into the batch.
type fenceRow struct {
	id     string
	owners []int
	wants  []int
}

// planFence lists the rows of a batch in the order of their ids.
func planFence(leases []Lease) []fenceRow {
	byID := map[string]*fenceRow{}
	row := func(id string) *fenceRow {
		if byID[id] == nil {
			byID[id] = &fenceRow{id: id}
		}
		return byID[id]
	}
	for i, lease := range leases {
		owned := row(lease.ExecutionID)
		owned.owners = append(owned.owners, i)
		if lease.Events > 0 {
			root := row(lease.RootID)
			root.wants = append(root.wants, i)
		}
	}
	plan := make([]fenceRow, 0, len(byID))
	for _, row := range byID {
		plan = append(plan, *row)
	}
	slices.SortFunc(plan, func(a, b fenceRow) int { return strings.Compare(a.id, b.id) })
	return plan
}

// alone says that a root's only business in the batch is its own lease, the
// usual case: then locking and numbering are one statement.
func (r fenceRow) alone() bool {
	return len(r.owners) == 1 && len(r.wants) == 1 && r.owners[0] == r.wants[0]
}

// lock locks the row and notes which of the leases on it hold.
func (t *Tx) lock(ctx context.Context, leases []Lease, grants []Grant, row fenceRow) error {
	if row.alone() {
		i := row.owners[0]
		last, err := queryAll(ctx, t, "fence execution", scanInt64,
			"UPDATE executions SET last_seq = last_seq + $1 WHERE id = $2 AND epoch = $3 RETURNING last_seq", leases[i].Events, row.id, leases[i].Epoch)
		if err != nil || len(last) == 0 {
			return err
		}
		grants[i] = Grant{OK: true, FirstSeq: last[0] - int64(leases[i].Events) + 1}
		return nil
	}
	epoch, err := queryAll(ctx, t, "fence execution", scanInt64, "UPDATE executions SET epoch = epoch WHERE id = $1 RETURNING epoch", row.id)
	if err != nil || len(epoch) == 0 {
		return err
	}
	for _, i := range row.owners {
		grants[i].OK = leases[i].Epoch == epoch[0]
	}
	return nil
}

// number gives the leases that hold their event numbers from the row, which is
// locked by now.
func (t *Tx) number(ctx context.Context, leases []Lease, grants []Grant, row fenceRow) error {
	if row.alone() {
		return nil
	}
	total := 0
	for _, i := range row.wants {
		if grants[i].OK {
			total += leases[i].Events
		}
	}
	if total == 0 {
		return nil
	}
	last, err := queryAll(ctx, t, "number events", scanInt64,
		"UPDATE executions SET last_seq = last_seq + $1 WHERE id = $2 RETURNING last_seq", total, row.id)
	if err != nil {
		return err
	}
	if len(last) == 0 { // the root is gone, and with it the tree
		for _, i := range row.wants {
			grants[i].OK = false
		}
		return nil
	}
	next := last[0] - int64(total) + 1
	for _, i := range row.wants {
		if grants[i].OK {
			grants[i].FirstSeq = next
			next += int64(leases[i].Events)
		}
	}
	return nil
}
