package storetest

import (
	"testing"

	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/pgtest"
)

func TestSQLite(t *testing.T) {
	Run(t, func(t *testing.T) *store.Store { return OpenSQLite(t) })
}

func TestPostgreSQL(t *testing.T) {
	server := pgtest.Start(t)
	Run(t, func(t *testing.T) *store.Store { return Open(t, server.Database(t)) })
}
