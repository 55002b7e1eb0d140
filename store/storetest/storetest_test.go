package storetest

import (
	"testing"

	"github.com/slipwayhq/slipway/store"
)

func TestSQLite(t *testing.T) {
	Run(t, func(t *testing.T) *store.Store { return OpenSQLite(t) })
}
