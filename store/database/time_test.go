package database

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMicros(t *testing.T) {
	for name, test := range map[string]struct {
		reason   string
		in, want time.Time
	}{
		"Zero":  {"no time stays none", time.Time{}, time.Time{}},
		"Zone":  {"times come back in UTC", time.Date(2026, 3, 1, 13, 0, 0, 0, time.FixedZone("", 3600)), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)},
		"Nanos": {"parts of a microsecond are dropped", time.Date(2026, 3, 1, 12, 0, 0, 1999, time.UTC), time.Date(2026, 3, 1, 12, 0, 0, 1000, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Time(Micros(test.in))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}
