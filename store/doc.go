// Package store keeps the nouns of package orchestrator in SQLite or in
// PostgreSQL: one file for each noun, one SQL text for both databases. It knows
// rows, transactions, the fence that keeps a stale server from writing, and how
// to seal what must not lie about in clear text. It refuses to know who may ask
// for what, what a workflow means, or what time it is: callers hand those in.
//
// All reading and writing happens in a Tx, from Store.View (a read-only
// snapshot) or Store.InTx (a change, as if it were alone). On PostgreSQL a
// change that collided with another is run again, so the function given to InTx
// must leave no trace outside of its transaction before it returns.
package store
