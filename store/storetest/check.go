package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
)

// sameValues compares marked values by what is inside.
var sameValues = cmp.Comparer(func(a, b orchestrator.Sensitive) bool { return cmp.Equal(a.Open(), b.Open()) })

func diff(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, sameValues); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// refused checks that an error carries the code.
func refused(t testing.TB, what string, want orchestrator.Code, err error) {
	t.Helper()
	if got := orchestrator.ErrorCode(err); got != want {
		t.Errorf("%s: got code %q (%v), want %q", what, got, err, want)
	}
}

// listed is a page of a list, by identity.
type listed struct {
	Items []string
	Total int
}

func list[T any](items []T, total int, err error) (listed, error) {
	page := listed{Total: total}
	for _, item := range items {
		switch item := any(item).(type) {
		case orchestrator.Blueprint:
			page.Items = append(page.Items, item.UID)
		case orchestrator.Deployment:
			page.Items = append(page.Items, item.ID)
		case orchestrator.Execution:
			page.Items = append(page.Items, item.ID)
		}
	}
	return page, err
}
