package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

func appendAudits(t testing.TB, s *store.Store, n int) {
	t.Helper()
	for i := range n {
		change(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.AppendAudit(ctx, orchestrator.Audit{At: noon, Actor: "user ann", Team: team(), From: "10.0.0.1", Action: "secret.update", Object: fmt.Sprint("secret-", i+1), Before: "{}", After: `{"kind":"sensitive"}`})
		})
	}
}

func verify(t testing.TB, s *store.Store) error {
	return s.View(t.Context(), func(tx *store.Tx) error { return tx.VerifyAudit(t.Context()) })
}

func testAudit(t *testing.T, s *store.Store) {
	if err := verify(t, s); err != nil {
		t.Errorf("an empty chain is whole: %v", err)
	}
	appendAudits(t, s, 2)
	change(t, s, func(ctx context.Context, tx *store.Tx) error { // two in one transaction, one of them odd
		if err := tx.AppendAudit(ctx, orchestrator.Audit{At: noon, Actor: "user ann", Team: team(), Action: "secret.update", Object: "secret-3"}); err != nil {
			return err
		}
		return tx.AppendAudit(ctx, orchestrator.Audit{At: noon, Actor: "user \x00\xff"})
	})
	if err := verify(t, s); err != nil {
		t.Errorf("the chain is whole: %v", err)
	}
	type page struct {
		Objects []string
		Total   int
	}
	got := read(t, s, func(ctx context.Context, tx *store.Tx) (p page, err error) {
		audits, total, err := tx.Audits(ctx, store.AuditQuery{Team: team(), Actor: "user ann", Action: "secret.update", Search: "SECRET", Size: 2})
		for _, a := range audits {
			p.Objects = append(p.Objects, fmt.Sprint(a.Seq, " ", a.Object))
		}
		p.Total = total
		return p, err
	})
	diff(t, "newest first", page{[]string{"3 secret-3", "2 secret-2"}, 3}, got)

	tampering := []string{"UPDATE audits SET actor = 'nobody'", "DELETE FROM audits"}
	if s.Dialect() == store.Postgres {
		tampering = append(tampering, "TRUNCATE audits")
	}
	for _, statement := range tampering {
		if _, err := s.Writer().ExecContext(t.Context(), statement); err == nil {
			t.Errorf("the database let us %s", statement)
		}
	}
}

// testAuditTampering does what somebody with the database's password could do.
func testAuditTampering(t *testing.T, s *store.Store) {
	appendAudits(t, s, 5)
	unlock := []string{"DROP TRIGGER audits_keep", "DROP TRIGGER audits_stay"}
	if s.Dialect() == store.Postgres {
		unlock = []string{"DROP TRIGGER audits_keep ON audits"}
	}
	for _, statement := range unlock {
		if _, err := s.Writer().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	tests := map[string]struct {
		reason  string
		tamper  string
		restore string
		want    string // the row named; empty when the chain is whole
	}{
		"Changed":  {"every column counts", "UPDATE audits SET after = '{}' WHERE seq = 3", `UPDATE audits SET after = '{"kind":"sensitive"}' WHERE seq = 3`, "row 3"},
		"Moved":    {"text cannot wander between columns", "UPDATE audits SET actor = 'user annd', team = 'efault_tenant' WHERE seq = 2", "UPDATE audits SET actor = 'user ann', team = 'default_tenant' WHERE seq = 2", "row 2"},
		"Time":     {"so does the time", "UPDATE audits SET at = at + 1 WHERE seq = 1", "UPDATE audits SET at = at - 1 WHERE seq = 1", "row 1"},
		"Gap":      {"a row taken out", "UPDATE audits SET seq = 40 WHERE seq = 4", "UPDATE audits SET seq = 4 WHERE seq = 40", "row 4"},
		"CutOff":   {"the last row taken away", "UPDATE audit_head SET seq = 6", "UPDATE audit_head SET seq = 5", "row 6"},
		"Restored": {"put back as it was, the chain is whole", "UPDATE audits SET actor = actor", "UPDATE audits SET actor = actor", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := s.Writer().ExecContext(t.Context(), test.tamper); err != nil {
				t.Fatal(err)
			}
			err := verify(t, s)
			if _, restoreErr := s.Writer().ExecContext(t.Context(), test.restore); restoreErr != nil {
				t.Fatal(restoreErr)
			}
			if test.want == "" {
				if err != nil {
					t.Errorf("%s: %v", test.reason, err)
				}
				return
			}
			refused(t, test.reason, orchestrator.Internal, err)
			if err != nil && !contains(err.Error(), "broken at "+test.want) {
				t.Errorf("%s: got %v, want it to name %s", test.reason, err, test.want)
			}
		})
	}
}
