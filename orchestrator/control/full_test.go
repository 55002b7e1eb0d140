package control_test

import (
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/control"
)

// TestFullDatabase asks for changes when there is no page left for them: it is
// said so, nothing is half done, and it goes on once there is room.
func TestFullDatabase(t *testing.T) {
	c := setup(t, compose.Auto)
	room := func(pages string) {
		t.Helper()
		if _, err := c.store.Writer().ExecContext(t.Context(), "PRAGMA max_page_count = "+pages); err != nil {
			t.Fatal(err)
		}
	}
	room("1") // which SQLite takes for "no more than there are"
	large := control.PutSecret{Key: "large", Value: strings.Repeat("x", 60_000)}
	_, err := c.PutSecret(t.Context(), as(orchestrator.Operator), large)
	if orchestrator.ErrorCode(err) != orchestrator.Unavailable || !strings.Contains(orchestrator.ErrorMessage(err), "no space left") {
		t.Errorf("a change in a full database: %v", err)
	}
	if _, err := c.GetSecret(t.Context(), as(orchestrator.Operator), "large"); orchestrator.ErrorCode(err) != orchestrator.NotFound {
		t.Errorf("what could not be written is there: %v", err)
	}
	room("1000000")
	if _, err := c.PutSecret(t.Context(), as(orchestrator.Operator), large); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
