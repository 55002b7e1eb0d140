package control

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// PutSecret is what may be said about a secret.
type PutSecret struct {
	Key   string
	Value string
	// Kind is sensitive or configuration; empty keeps what it is, or the
	// default for its key.
	Kind   orchestrator.SecretKind
	Hidden *bool
	// Update says that the secret may exist; MustExist that it must.
	Update, MustExist bool
	// Seen is the version that this one is meant to follow, 0 for whichever
	// there is: who edits what somebody else has changed meanwhile is refused.
	Seen int
}

// PutSecret stores a new version. It clears the placeholder mark.
func (c *Control) PutSecret(ctx context.Context, actor orchestrator.Actor, put PutSecret) (orchestrator.Secret, error) {
	var stored orchestrator.Secret
	if err := require(actor, orchestrator.Operator, "changing secrets"); err != nil {
		return stored, err
	}
	if err := validKey("secret key", put.Key); err != nil {
		return stored, err
	}
	if put.Key == orchestrator.EaasParams {
		if err := validEaasParams(put.Value); err != nil {
			return stored, err
		}
	}
	action := "secret.create"
	if put.MustExist {
		action = "secret.update"
	}
	err := c.change(ctx, actor, audited(action, put.Key), func(tx *store.Tx) error {
		now := c.now()
		existing, err := tx.Secret(ctx, actor.Team, put.Key)
		found := err == nil
		switch {
		case err != nil && orchestrator.ErrorCode(err) != orchestrator.NotFound:
			return err
		case !found && put.MustExist:
			return err
		case found && !put.Update && !put.MustExist:
			return orchestrator.Errorf(orchestrator.Conflict, "secret %q exists; update it instead: slipway secrets update %s -f FILE, or create it with --update-if-exists", put.Key, put.Key).Because("conflict_error")
		case put.Seen != 0 && put.Seen != existing.Version:
			return orchestrator.Errorf(orchestrator.Conflict, "secret %q has changed meanwhile: you had version %d before you, now there is %d; compare, and save again to replace it", put.Key, put.Seen, existing.Version).Because("conflict_error")
		}
		stored = orchestrator.Secret{
			Team: actor.Team, Key: put.Key, Value: put.Value, Kind: put.Kind,
			CreatedBy: actor.Name, CreatedAt: now, UpdatedAt: now,
		}
		if found {
			stored.CreatedAt, stored.Hidden = existing.CreatedAt, existing.Hidden
		}
		if stored.Kind == "" {
			stored.Kind = existing.Kind
		}
		if stored.Kind == "" {
			stored.Kind = orchestrator.DefaultSecretKind(put.Key)
		}
		if put.Hidden != nil {
			stored.Hidden = *put.Hidden
		}
		stored.Version, err = tx.PutSecret(ctx, stored)
		return err
	})
	return stored, err
}

// GetSecret returns a secret with its value, and writes an audit row for a
// sensitive one. A viewer gets the name only; a hidden value needs an admin.
func (c *Control) GetSecret(ctx context.Context, actor orchestrator.Actor, key string) (orchestrator.Secret, error) {
	var secret orchestrator.Secret
	if err := require(actor, orchestrator.Viewer, "reading secrets"); err != nil {
		return secret, err
	}
	read := func(tx *store.Tx) (err error) {
		secret, err = tx.Secret(ctx, actor.Team, key)
		return err
	}
	if err := c.view(ctx, read); err != nil {
		return secret, err
	}
	if secret.Kind == orchestrator.SecretConfiguration && !secret.Hidden {
		return secret, nil
	}
	if !mayReveal(actor, secret) {
		secret.Value = ""
		return secret, nil
	}
	err := c.change(ctx, actor, audited("secret.reveal", key), func(tx *store.Tx) error {
		if err := read(tx); err != nil {
			return err
		}
		if !mayReveal(actor, secret) { // somebody has hidden it just now
			secret.Value = ""
		}
		return nil
	})
	if err != nil {
		return orchestrator.Secret{}, err
	}
	return secret, nil
}

// mayReveal reports whether the actor may see a value that is not shown to all.
func mayReveal(actor orchestrator.Actor, secret orchestrator.Secret) bool {
	if secret.Hidden {
		return actor.Role.AtLeast(orchestrator.Admin)
	}
	return actor.Role.AtLeast(orchestrator.Operator)
}

// SecretVersions lists the versions of a secret, newest first, without values.
func (c *Control) SecretVersions(ctx context.Context, actor orchestrator.Actor, key string) ([]orchestrator.Secret, error) {
	if err := require(actor, orchestrator.Viewer, "reading secrets"); err != nil {
		return nil, err
	}
	var versions []orchestrator.Secret
	err := c.view(ctx, func(tx *store.Tx) (err error) {
		versions, err = tx.SecretVersions(ctx, actor.Team, key)
		return err
	})
	for i := range versions {
		versions[i].Value = ""
	}
	return versions, err
}

// ListSecrets lists the team's secrets by key, without values.
func (c *Control) ListSecrets(ctx context.Context, actor orchestrator.Actor) ([]orchestrator.Secret, error) {
	if err := require(actor, orchestrator.Viewer, "listing secrets"); err != nil {
		return nil, err
	}
	var secrets []orchestrator.Secret
	err := c.view(ctx, func(tx *store.Tx) (err error) {
		secrets, err = tx.ListSecrets(ctx, actor.Team)
		return err
	})
	return secrets, err
}

// DeleteSecret removes a secret with all its versions.
func (c *Control) DeleteSecret(ctx context.Context, actor orchestrator.Actor, key string) error {
	if err := require(actor, orchestrator.Operator, "deleting secrets"); err != nil {
		return err
	}
	return c.change(ctx, actor, audited("secret.delete", key), func(tx *store.Tx) error {
		if _, err := tx.Secret(ctx, actor.Team, key); err != nil {
			return err
		}
		return tx.DeleteSecret(ctx, actor.Team, key)
	})
}

// validEaasParams refuses text that is not a JSON object, saying where.
func validEaasParams(text string) error {
	var parsed map[string]any
	err := json.Unmarshal([]byte(text), &parsed)
	if err == nil {
		return validCells(parsed)
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line, column := lineColumn(text, syntax.Offset)
		return orchestrator.Errorf(orchestrator.Invalid, "eaas_params is not valid JSON at line %d, column %d: %s", line, column, syntax.Error()).On("value")
	}
	return orchestrator.Errorf(orchestrator.Invalid, "eaas_params must be a JSON object: cloud, then environment type, then part").On("value")
}

// validCells checks the shape cloud → environment type → part → blueprint.
func validCells(clouds map[string]any) error {
	for _, cloud := range orchestrator.SortedKeys(clouds) {
		cells, ok := clouds[cloud].(map[string]any)
		if !ok {
			return orchestrator.Errorf(orchestrator.Invalid, "eaas_params.%s must be an object of environment types", cloud).On("value")
		}
		for _, envType := range orchestrator.SortedKeys(cells) {
			cell, ok := cells[envType].(map[string]any)
			if !ok {
				return orchestrator.Errorf(orchestrator.Invalid, "eaas_params.%s.%s must be an object of parts such as network, k8s, db and s3", cloud, envType).On("value")
			}
			for _, name := range orchestrator.SortedKeys(cell) {
				entry, ok := cell[name].(map[string]any)
				if !ok {
					return orchestrator.Errorf(orchestrator.Invalid, "eaas_params.%s.%s.%s must be an object with blueprint, deployment and inputs", cloud, envType, name).On("value")
				}
				if _, ok := entry["blueprint"]; !ok {
					return orchestrator.Errorf(orchestrator.Invalid, "eaas_params.%s.%s.%s names no blueprint", cloud, envType, name).On("value")
				}
			}
		}
	}
	return nil
}

func lineColumn(text string, offset int64) (line, column int) {
	before := text[:min(int(offset), len(text))]
	line = strings.Count(before, "\n") + 1
	return line, len(before) - strings.LastIndex(before, "\n")
}

// maxLine bounds what people name things with, in bytes; maxLabels the labels
// of one thing.
const (
	maxLine   = 256
	maxLabels = 100
)

// validLine refuses what does not fit on one line of a page or a table.
func validLine(what, field, text string) error {
	if len(text) > maxLine {
		return orchestrator.Errorf(orchestrator.Invalid, "the %s is longer than %d characters", what, maxLine).On(field)
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return orchestrator.Errorf(orchestrator.Invalid, "the %s holds a line break or another character that cannot be shown", what).On(field)
	}
	return nil
}

func validLabels(labels []orchestrator.Label) error {
	if len(labels) > maxLabels {
		return orchestrator.Errorf(orchestrator.Invalid, "there are more than %d labels", maxLabels).On("labels")
	}
	for _, label := range labels {
		if err := validLine("key of a label", "labels", label.Key); err != nil {
			return err
		}
		if err := validLine("text of label "+label.Key, "labels", label.Value); err != nil {
			return err
		}
	}
	return nil
}

// validKey refuses names that would not survive a URL or a command line.
func validKey(what, key string) error {
	if key == "" {
		return orchestrator.Errorf(orchestrator.Invalid, "the %s is empty", what).On("id")
	}
	if len(key) > maxLine {
		return orchestrator.Errorf(orchestrator.Invalid, "the %s is longer than %d characters", what, maxLine).On("id")
	}
	for _, r := range key {
		if !isLetter(r) && (r < '0' || r > '9') && !strings.ContainsRune("_-.", r) {
			return orchestrator.Errorf(orchestrator.Invalid, "the %s %q holds %q; use letters, digits, and _ - . only", what, key, r).On("id")
		}
	}
	if key[0] == '.' || key[0] == '-' {
		return orchestrator.Errorf(orchestrator.Invalid, "the %s %q must begin with a letter, a digit or _", what, key).On("id")
	}
	return nil
}

// isLetter knows the letters that ids are made of.
func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
