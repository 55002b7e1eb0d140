package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

func testSecrets(t *testing.T, s *store.Store) {
	put := func(secret orchestrator.Secret) (version int) {
		change(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
			version, err = tx.PutSecret(ctx, secret)
			return err
		})
		return version
	}
	first := orchestrator.Secret{Team: team(), Key: "db", Value: sensitiveText, Kind: orchestrator.SecretSensitive, Placeholder: true, CreatedBy: "ann", CreatedAt: noon, UpdatedAt: noon}
	second := orchestrator.Secret{Team: team(), Key: "db", Value: "new\x00value", Kind: orchestrator.SecretSensitive, Hidden: true, CreatedBy: "bob", CreatedAt: noon.Add(time.Hour), UpdatedAt: noon.Add(time.Hour)}
	diff(t, "the first version", 1, put(first))
	diff(t, "the second version", 2, put(second))
	put(orchestrator.Secret{Team: team(), Key: "a", Value: "", Kind: orchestrator.SecretConfiguration, UpdatedAt: noon})
	put(orchestrator.Secret{Team: "other", Key: "b", Value: "x", UpdatedAt: noon})

	first.Version, second.Version = 1, 2
	second.CreatedBy, second.CreatedAt = first.CreatedBy, first.CreatedAt
	got := read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.Secret, error) {
		return tx.Secret(ctx, team(), "db")
	})
	diff(t, "the newest holds, made when the first was", second, got)
	got = read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.Secret, error) {
		return tx.SecretVersion(ctx, team(), "db", 1)
	})
	diff(t, "an old version can be read", first, got)

	first.Value, second.Value = "", ""
	versions := read(t, s, func(ctx context.Context, tx *store.Tx) ([]orchestrator.Secret, error) {
		return tx.SecretVersions(ctx, team(), "db")
	})
	diff(t, "versions, newest first, without values", []orchestrator.Secret{second, first}, versions)
	secrets := read(t, s, func(ctx context.Context, tx *store.Tx) ([]orchestrator.Secret, error) {
		return tx.ListSecrets(ctx, team())
	})
	diff(t, "a team's secrets by key, without values",
		[]orchestrator.Secret{{Team: team(), Key: "a", Version: 1, Kind: orchestrator.SecretConfiguration, UpdatedAt: noon}, second}, secrets)

	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteSecret(ctx, team(), "db") })
	refused(t, "what was deleted", orchestrator.NotFound,
		s.View(t.Context(), func(tx *store.Tx) error { _, err := tx.Secret(t.Context(), team(), "db"); return err }))
	refused(t, "deleting it twice", orchestrator.NotFound,
		s.InTx(t.Context(), func(tx *store.Tx) error { return tx.DeleteSecret(t.Context(), team(), "db") }))
}

func testPeople(t *testing.T, s *store.Store) {
	ann := orchestrator.Account{Name: "ann", PasswordHash: "$argon2id$x", Role: orchestrator.User, Team: team(), CreatedAt: noon}
	admin := orchestrator.Account{Name: "admin", Role: orchestrator.Admin, Team: team(), CreatedAt: noon}
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.PutAccount(ctx, ann); err != nil {
			return err
		}
		return tx.PutAccount(ctx, admin)
	})
	ann.Role = orchestrator.Operator
	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.PutAccount(ctx, ann) })
	for _, want := range []orchestrator.Account{admin, ann} {
		account := read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.Account, error) {
			return tx.Account(ctx, want.Name)
		})
		diff(t, "an account as last written", want, account)
	}

	session := func(hash string, created, seen time.Time) orchestrator.Session {
		return orchestrator.Session{TokenHash: hash, Account: "ann", CreatedAt: created, SeenAt: seen, From: "10.0.0.1"}
	}
	fresh, idle, old := session("fresh", noon, noon), session("idle", noon, noon.Add(-time.Hour)), session("old", noon.Add(-48*time.Hour), noon)
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		for _, one := range []orchestrator.Session{fresh, idle, old} {
			if err := tx.InsertSession(ctx, one); err != nil {
				return err
			}
		}
		if err := tx.DeleteExpiredSessions(ctx, noon.Add(-time.Minute), noon.Add(-24*time.Hour)); err != nil {
			return err
		}
		return tx.TouchSession(ctx, "fresh", noon.Add(time.Minute))
	})
	fresh.SeenAt = noon.Add(time.Minute)
	got := read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.Session, error) { return tx.Session(ctx, "fresh") })
	diff(t, "a session in use stays", fresh, got)
	for _, gone := range []string{"idle", "old", "never"} {
		refused(t, gone+" session", orchestrator.NotFound,
			s.View(t.Context(), func(tx *store.Tx) error { _, err := tx.Session(t.Context(), gone); return err }))
	}
	nobody := session("x", noon, noon)
	nobody.Account = "nobody"
	refused(t, "a session of nobody", orchestrator.NotFound,
		s.InTx(t.Context(), func(tx *store.Tx) error { return tx.InsertSession(t.Context(), nobody) }))
	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteSession(ctx, "fresh") })
}

func testDependencies(t *testing.T, s *store.Store) {
	source, target := seed(t, s, "source"), seed(t, s, "target")
	known := orchestrator.Dependency{Creator: "component.x", SourceUID: source.UID, TargetID: target.ID, Team: team(), CreatedAt: noon}
	unknown := orchestrator.Dependency{Creator: "nodes.vm.get_capability", SourceUID: source.UID, TargetID: "later", Team: team(), CreatedAt: noon}
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertDependency(ctx, known); err != nil {
			return err
		}
		return tx.InsertDependency(ctx, unknown)
	})
	of := func() []orchestrator.Dependency {
		return read(t, s, func(ctx context.Context, tx *store.Tx) ([]orchestrator.Dependency, error) {
			return tx.DependenciesOf(ctx, source.UID)
		})
	}
	diff(t, "what it needs", []orchestrator.Dependency{known, unknown}, of())
	unknown.TargetID = target.ID
	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.InsertDependency(ctx, unknown) })
	on := read(t, s, func(ctx context.Context, tx *store.Tx) ([]orchestrator.Dependency, error) {
		return tx.DependenciesOn(ctx, team(), target.ID)
	})
	diff(t, "who needs it", []orchestrator.Dependency{known, unknown}, on)
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		return tx.DeleteDependency(ctx, known.Creator, source.UID)
	})
	diff(t, "one less", []orchestrator.Dependency{unknown}, of())
	known.SourceUID = "nope"
	refused(t, "a source that is not there", orchestrator.NotFound,
		s.InTx(t.Context(), func(tx *store.Tx) error { return tx.InsertDependency(t.Context(), known) }))
}

func testServers(t *testing.T, s *store.Store) {
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		for i, server := range []string{"a", "b", "a"} {
			if err := tx.Beat(ctx, server, int64(i)); err != nil {
				return err
			}
		}
		if err := tx.RemoveServer(ctx, "b"); err != nil {
			return err
		}
		return tx.SetSetting(ctx, "x", "1")
	})
	servers := read(t, s, func(ctx context.Context, tx *store.Tx) (map[string]int64, error) { return tx.Servers(ctx) })
	diff(t, "who lives, and how far it has counted", map[string]int64{"a": 2}, servers)
	for key, want := range map[string]string{"x": "1true", "y": "false"} {
		got := read(t, s, func(ctx context.Context, tx *store.Tx) (string, error) {
			value, ok, err := tx.Setting(ctx, key)
			return fmt.Sprint(value, ok), err
		})
		diff(t, "setting "+key, want, got)
	}
}
