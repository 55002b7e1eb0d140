package control

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
)

func TestWorded(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	own := orchestrator.Errorf(orchestrator.NotFound, "no such thing")
	tests := map[string]struct {
		reason string
		err    error
		code   orchestrator.Code
		words  string
	}{
		"OK":       {"", nil, "", ""},
		"Away":     {"nobody is to blame who asked", refused, orchestrator.Unavailable, "does not answer just now"},
		"Decided":  {"an answer stays as it is", own, orchestrator.NotFound, "no such thing"},
		"ErrOther": {"what nobody foresaw is ours", errors.New("syntax error"), orchestrator.Internal, "our side"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := worded(tt.err)
			if orchestrator.ErrorCode(got) != tt.code || !strings.Contains(orchestrator.ErrorMessage(got), tt.words) || !errors.Is(got, tt.err) {
				t.Errorf("%s: got %v", tt.reason, got)
			}
		})
	}
}
