package rehearsalstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/database"
)

// tx is one transaction. It holds the context of the call that opened it, and
// ends with that call.
type tx struct {
	ctx    context.Context
	sql    *sql.Tx
	sealer store.Sealer
}

const objectColumns = "cloud, kind, id, name, deployment, instance, state, scope, listed, body, created_at, updated_at"

func bodyPlace(cloud, kind, id string) []byte {
	return []byte("rehearsal.objects.body/" + cloud + "/" + kind + "/" + id)
}

func (t *tx) scanObject(row interface{ Scan(...any) error }) (o rehearsal.Object, err error) {
	var body []byte
	var createdAt, updatedAt int64
	err = row.Scan(&o.Cloud, &o.Kind, &o.ID, &o.Name, &o.Deployment, &o.Instance, &o.State, &o.Scope, &o.Listed, &body, &createdAt, &updatedAt)
	if err != nil {
		return o, err
	}
	o.CreatedAt, o.UpdatedAt = database.Time(createdAt), database.Time(updatedAt)
	if len(body) > 0 {
		var plain []byte
		plain, err = t.sealer.Open(body, bodyPlace(o.Cloud, o.Kind, o.ID))
		o.Body = json.RawMessage(plain)
	}
	return o, err
}

func (t *tx) Get(cloud, kind, id string) (rehearsal.Object, bool, error) {
	object, err := t.scanObject(t.sql.QueryRowContext(t.ctx,
		"SELECT "+objectColumns+" FROM objects WHERE cloud = $1 AND kind = $2 AND id = $3", cloud, kind, id))
	if errors.Is(err, sql.ErrNoRows) {
		return rehearsal.Object{}, false, nil
	}
	if err != nil {
		return rehearsal.Object{}, false, fmt.Errorf("read rehearsed %s %s: %w", kind, id, err)
	}
	return object, true, nil
}

func (t *tx) List(query rehearsal.Query) (_ []rehearsal.Object, err error) {
	var w filter
	w.equal("cloud", query.Cloud)
	w.equal("kind", query.Kind)
	w.equal("scope", query.Scope)
	w.equal("name", query.Name)
	w.equal("deployment", query.Deployment)
	if query.Listed {
		w.conditions = append(w.conditions, "listed")
	}
	rows, err := t.sql.QueryContext(t.ctx, "SELECT "+objectColumns+" FROM objects"+w.where()+" ORDER BY cloud, kind, id", w.args...)
	if err != nil {
		return nil, fmt.Errorf("list rehearsed objects: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var objects []rehearsal.Object
	for rows.Next() {
		object, err := t.scanObject(rows)
		if err != nil {
			return nil, fmt.Errorf("list rehearsed objects: %w", err)
		}
		objects = append(objects, object)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list rehearsed objects: %w", err)
	}
	return objects, nil
}

func (t *tx) Put(o rehearsal.Object) error {
	body := []byte{}
	if len(o.Body) > 0 {
		var err error
		if body, err = t.sealer.Seal(o.Body, bodyPlace(o.Cloud, o.Kind, o.ID)); err != nil {
			return fmt.Errorf("seal rehearsed %s %s: %w", o.Kind, o.ID, err)
		}
	}
	_, err := t.sql.ExecContext(t.ctx, "INSERT INTO objects ("+objectColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (cloud, kind, id) DO UPDATE SET name = excluded.name, deployment = excluded.deployment, instance = excluded.instance, state = excluded.state,
		scope = excluded.scope, listed = excluded.listed, body = excluded.body, created_at = excluded.created_at, updated_at = excluded.updated_at`,
		o.Cloud, o.Kind, o.ID, o.Name, o.Deployment, o.Instance, o.State, o.Scope, o.Listed, body, database.Micros(o.CreatedAt), database.Micros(o.UpdatedAt))
	if err != nil {
		return fmt.Errorf("write rehearsed %s %s: %w", o.Kind, o.ID, err)
	}
	return nil
}

func (t *tx) Delete(cloud, kind, id string) error {
	if _, err := t.sql.ExecContext(t.ctx, "DELETE FROM objects WHERE cloud = $1 AND kind = $2 AND id = $3", cloud, kind, id); err != nil {
		return fmt.Errorf("delete rehearsed %s %s: %w", kind, id, err)
	}
	return nil
}

func (t *tx) Record(call rehearsal.CallRecord) error {
	_, err := t.sql.ExecContext(t.ctx, "INSERT INTO calls (at, cloud, call, id, deployment, effective, error) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		database.Micros(call.At), call.Cloud, call.Call, call.ID, call.Deployment, call.Effective, call.Error)
	if err != nil {
		return fmt.Errorf("record rehearsed call %s: %w", call.Call, err)
	}
	return nil
}

func (t *tx) Calls(query rehearsal.CallQuery) (_ []rehearsal.CallRecord, err error) {
	var w filter
	w.equal("cloud", query.Cloud)
	w.equal("deployment", query.Deployment)
	if query.Effective {
		w.conditions = append(w.conditions, "effective")
	}
	limit := ""
	if query.Limit > 0 {
		limit = " LIMIT " + strconv.Itoa(query.Limit)
	}
	rows, err := t.sql.QueryContext(t.ctx, "SELECT at, cloud, call, id, deployment, effective, error FROM calls"+w.where()+" ORDER BY number"+limit, w.args...)
	if err != nil {
		return nil, fmt.Errorf("list rehearsed calls: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var calls []rehearsal.CallRecord
	for rows.Next() {
		var call rehearsal.CallRecord
		var at int64
		if err := rows.Scan(&at, &call.Cloud, &call.Call, &call.ID, &call.Deployment, &call.Effective, &call.Error); err != nil {
			return nil, fmt.Errorf("list rehearsed calls: %w", err)
		}
		call.At = database.Time(at)
		calls = append(calls, call)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list rehearsed calls: %w", err)
	}
	return calls, nil
}

func (t *tx) Next(counter string) (value int64, err error) {
	err = t.sql.QueryRowContext(t.ctx, `INSERT INTO counters (name, value) VALUES ($1, 1)
		ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value`, counter).Scan(&value)
	if err != nil {
		return 0, fmt.Errorf("count rehearsed %s: %w", counter, err)
	}
	return value, nil
}

func (t *tx) TakeFault(key string, times int) (bool, error) {
	if times <= 0 {
		return false, nil
	}
	var used int
	err := t.sql.QueryRowContext(t.ctx, `INSERT INTO faults (key, used) VALUES ($1, 1)
		ON CONFLICT (key) DO UPDATE SET used = faults.used + 1 WHERE faults.used < $2 RETURNING used`, key, times).Scan(&used)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("take rehearsed fault %s: %w", key, err)
	}
	return true, nil
}

// filter collects "column = value" conditions.
type filter struct {
	conditions []string
	args       []any
}

func (f *filter) equal(column, value string) {
	if value != "" {
		f.args = append(f.args, value)
		f.conditions = append(f.conditions, column+" = $"+strconv.Itoa(len(f.args)))
	}
}

func (f *filter) where() string {
	if len(f.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(f.conditions, " AND ")
}
