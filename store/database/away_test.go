package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestAway(t *testing.T) {
	for name, tc := range map[string]struct {
		reason string
		err    error
		want   bool
	}{
		"None":       {"all is well", nil, false},
		"Refused":    {"nobody listens", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, true},
		"Broken":     {"the server went in the middle of a statement", io.ErrUnexpectedEOF, true},
		"Bad":        {"the pool found a dead connection", driver.ErrBadConn, true},
		"ShutDown":   {"an administrator stops the server", &pgconn.PgError{Code: "57P01"}, true},
		"StartsUp":   {"it is not ready yet", &pgconn.PgError{Code: "57P03"}, true},
		"DiskFull":   {"until somebody makes room", &pgconn.PgError{Code: "53100"}, true},
		"Standby":    {"after a failover, until it is promoted", &pgconn.PgError{Code: "25006"}, true},
		"Frozen":     {"we were paused in a transaction", &pgconn.PgError{Code: "25P03"}, true},
		"Unique":     {"the row is what is wrong", &pgconn.PgError{Code: "23505"}, false},
		"Collision":  {"the database is there, and says no", &pgconn.PgError{Code: "40001"}, false},
		"WeGaveUp":   {"our own context says nothing of the database", context.Canceled, false},
		"SomeReason": {"the change itself refused", errors.New("no"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.err != nil {
				tc.err = fmt.Errorf("begin transaction: %w", tc.err)
			}
			if got := Away(tc.err); got != tc.want {
				t.Errorf("%s: Away(%v) = %v", tc.reason, tc.err, got)
			}
		})
	}
}
