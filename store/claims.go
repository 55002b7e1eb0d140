package store

import "context"

// ClaimExecution takes the lease of an execution for a server, if its epoch is
// still the one that the claimer saw and it has not ended. The new epoch fences
// off whoever held the lease before.
func (t *Tx) ClaimExecution(ctx context.Context, id, server string, epoch int64) (newEpoch int64, ok bool, err error) {
	epochs, err := queryAll(ctx, t, "claim execution", scanInt64,
		"UPDATE executions SET epoch = epoch + 1, server = $1 WHERE id = $2 AND epoch = $3 AND "+executionOpen+" RETURNING epoch", server, id, epoch)
	if err != nil || len(epochs) == 0 {
		return 0, false, err
	}
	return epochs[0], true, nil
}

// ReleaseExecution gives the lease back; if another server has taken it
// meanwhile there is nothing to give.
func (t *Tx) ReleaseExecution(ctx context.Context, id string, epoch int64) error {
	_, err := t.exec(ctx, "release execution", "UPDATE executions SET server = '' WHERE id = $1 AND epoch = $2", id, epoch)
	return err
}
