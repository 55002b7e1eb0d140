package store

import "context"

// Setting returns what the server noted under a key.
func (t *Tx) Setting(ctx context.Context, key string) (value string, ok bool, err error) {
	values, err := queryAll(ctx, t, "read setting "+key, scanString, "SELECT value FROM settings WHERE key = $1", key)
	if err != nil || len(values) == 0 {
		return "", false, err
	}
	return values[0], true, nil
}

// SetSetting notes a value under a key. Settings are in clear text: never a secret.
func (t *Tx) SetSetting(ctx context.Context, key, value string) error {
	_, err := t.exec(ctx, "write setting "+key,
		"INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)
	return err
}
