// Package engine makes decisions durable and runs them. Package schedule says
// what comes next; the engine claims executions by a lease, carries operations
// out through providers, journals every intent and outcome in fenced group
// commits, and takes over what another server left behind. It knows the store,
// River and the clock; it refuses to know what a request means (control does),
// which cloud an operation reaches (providers do), and never imports either.
//
// It is two types: Queue, insert-only, is all that control uses; Engine claims
// and runs.
//
//	control ──Dispatch(tx)──▶ River job ──▶ Engine.claim ──▶ runner (one loop per execution)
//	                                                           │ schedule.Advance
//	                                                           ▼
//	                                 journal: one writer, group commits, fence first
package engine
