package store

import (
	"context"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/database"
)

const stepColumns = "execution_id, step_id, state, attempt, intent_at, not_before, child_id, polls, reason, result, started_at, ended_at"

func resultPlace(executionID, stepID string) string {
	return "steps.result/" + executionID + "/" + stepID
}

// UpsertSteps writes what became of steps; a later record of a step replaces an
// earlier one, in the list as well.
func (t *Tx) UpsertSteps(ctx context.Context, records []orchestrator.StepRecord) error {
	rows := make([][]any, 0, len(records))
	for _, r := range lastOfEach(records) {
		result := []byte{} // most steps answer nothing, which needs no seal
		if r.Result != "" {
			var err error
			if result, err = t.seal([]byte(r.Result), resultPlace(r.ExecutionID, r.StepID)); err != nil {
				return err
			}
		}
		rows = append(rows, []any{r.ExecutionID, r.StepID, string(r.State), r.Attempt, database.Micros(r.IntentAt), database.Micros(r.NotBefore), r.ChildID, r.Polls,
			cleanText(r.Reason), result, database.Micros(r.StartedAt), database.Micros(r.EndedAt)})
	}
	return t.insertRows(ctx, "write steps", "INSERT INTO steps ("+stepColumns+")", ` ON CONFLICT (execution_id, step_id) DO UPDATE SET
		state = excluded.state, attempt = excluded.attempt, intent_at = excluded.intent_at, not_before = excluded.not_before, child_id = excluded.child_id,
		polls = excluded.polls, reason = excluded.reason, result = excluded.result, started_at = excluded.started_at, ended_at = excluded.ended_at`, rows)
}

// lastOfEach leaves out records that a later one replaces: PostgreSQL refuses to
// write a row twice in one statement.
func lastOfEach(records []orchestrator.StepRecord) []orchestrator.StepRecord {
	type key struct{ execution, step string }
	place := make(map[key]int, len(records))
	var kept []orchestrator.StepRecord
	for _, r := range records {
		k := key{r.ExecutionID, r.StepID}
		if i, seen := place[k]; seen {
			kept[i] = r
			continue
		}
		place[k] = len(kept)
		kept = append(kept, r)
	}
	return kept
}

// Steps returns the touched steps of an execution, by id.
func (t *Tx) Steps(ctx context.Context, executionID string) ([]orchestrator.StepRecord, error) {
	return queryAll(ctx, t, "list steps", t.scanStep, "SELECT "+stepColumns+" FROM steps WHERE execution_id = $1 ORDER BY step_id", executionID)
}

func (t *Tx) scanStep(row scanner) (r orchestrator.StepRecord, err error) {
	var intentAt, notBefore, startedAt, endedAt int64
	var result []byte
	err = row.Scan(&r.ExecutionID, &r.StepID, &r.State, &r.Attempt, &intentAt, &notBefore, &r.ChildID, &r.Polls, &r.Reason, &result, &startedAt, &endedAt)
	if err != nil {
		return r, err
	}
	r.IntentAt, r.NotBefore, r.StartedAt, r.EndedAt = database.Time(intentAt), database.Time(notBefore), database.Time(startedAt), database.Time(endedAt)
	if len(result) > 0 {
		plain, err := t.open(result, resultPlace(r.ExecutionID, r.StepID))
		if err != nil {
			return r, err
		}
		r.Result = string(plain)
	}
	return r, nil
}
