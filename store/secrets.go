package store

import (
	"context"
	"fmt"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/database"
)

const secretColumns = "team, key, version, kind, placeholder, hidden, created_by, created_at, updated_at"

func secretPlace(team, key string, version int) string {
	return fmt.Sprintf("secrets.value/%s/%s/%d", team, key, version)
}

// scanSecret reads a secret without its value.
func scanSecret(row scanner) (s orchestrator.Secret, err error) {
	var createdAt, updatedAt int64
	err = row.Scan(&s.Team, &s.Key, &s.Version, &s.Kind, &s.Placeholder, &s.Hidden, &s.CreatedBy, &createdAt, &updatedAt)
	s.CreatedAt, s.UpdatedAt = database.Time(createdAt), database.Time(updatedAt)
	return s, err
}

// PutSecret stores a new version of a secret and returns its number. Who made
// the first version, and when, stays with all later ones.
func (t *Tx) PutSecret(ctx context.Context, s orchestrator.Secret) (version int, err error) {
	versions, err := t.SecretVersions(ctx, s.Team, s.Key)
	if err != nil {
		return 0, err
	}
	s.Version = 1
	if len(versions) > 0 {
		newest := versions[0]
		s.Version, s.CreatedAt, s.CreatedBy = newest.Version+1, newest.CreatedAt, newest.CreatedBy
	}
	sealed, err := t.seal([]byte(s.Value), secretPlace(s.Team, s.Key, s.Version))
	if err != nil {
		return 0, err
	}
	if _, err := t.exec(ctx, "write secret", "UPDATE secrets SET newest = FALSE WHERE team = $1 AND key = $2 AND newest", s.Team, s.Key); err != nil {
		return 0, err
	}
	_, err = t.exec(ctx, "write secret", "INSERT INTO secrets ("+secretColumns+", newest, value) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, TRUE, $10)",
		s.Team, s.Key, s.Version, string(s.Kind), s.Placeholder, s.Hidden, s.CreatedBy, database.Micros(s.CreatedAt), database.Micros(s.UpdatedAt), sealed)
	return s.Version, err
}

// Secret returns the newest version with its value.
func (t *Tx) Secret(ctx context.Context, team, key string) (orchestrator.Secret, error) {
	return queryOne(ctx, t, notFound("Secret", key), "read secret", t.scanSecretWithValue,
		"SELECT "+secretColumns+", value FROM secrets WHERE team = $1 AND key = $2 AND newest", team, key)
}

// SecretVersion returns one version with its value.
func (t *Tx) SecretVersion(ctx context.Context, team, key string, version int) (orchestrator.Secret, error) {
	return queryOne(ctx, t, notFound("Secret", key), "read secret", t.scanSecretWithValue,
		"SELECT "+secretColumns+", value FROM secrets WHERE team = $1 AND key = $2 AND version = $3", team, key, version)
}

func (t *Tx) scanSecretWithValue(row scanner) (orchestrator.Secret, error) {
	var sealed []byte
	s, err := scanSecret(withMore(row, &sealed))
	if err != nil {
		return s, err
	}
	plain, err := t.open(sealed, secretPlace(s.Team, s.Key, s.Version))
	s.Value = string(plain)
	return s, err
}

// SecretVersions returns all versions, newest first, without values.
func (t *Tx) SecretVersions(ctx context.Context, team, key string) ([]orchestrator.Secret, error) {
	return queryAll(ctx, t, "list secret versions", scanSecret,
		"SELECT "+secretColumns+" FROM secrets WHERE team = $1 AND key = $2 ORDER BY version DESC", team, key)
}

// ListSecrets returns the newest version of every secret of a team, by key,
// without values.
func (t *Tx) ListSecrets(ctx context.Context, team string) ([]orchestrator.Secret, error) {
	return queryAll(ctx, t, "list secrets", scanSecret, "SELECT "+secretColumns+" FROM secrets WHERE team = $1 AND newest ORDER BY key", team)
}

// DeleteSecret removes a secret with all its versions.
func (t *Tx) DeleteSecret(ctx context.Context, team, key string) error {
	return t.execOne(ctx, notFound("Secret", key), "delete secret", "DELETE FROM secrets WHERE team = $1 AND key = $2", team, key)
}
