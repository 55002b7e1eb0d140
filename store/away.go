package store

import "github.com/slipwayhq/slipway/store/database"

// Away reports whether an error of InTx or View says that the database could
// not be asked: the same may succeed later. What else the function given to
// them spoke to must not have caused it.
func Away(err error) bool { return database.Away(err) }
