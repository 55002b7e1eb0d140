// Package schedule decides what an execution does next. It is a function of
// what is known (a laid-out graph and the records of its touched steps), of
// what came back from operations, and of the time. It knows order, failure,
// retries, waiting, cancelling and the wording of events; it refuses to know
// how an operation is carried out, how a decision becomes durable, and what
// time it is.
//
// The engine's loop drives it:
//
//	run, err := schedule.New(setup)                       // fresh, or rebuilt after a crash
//	decision := schedule.Advance(run, ended(run.Children()), now) // the opening move
//	for decision.Finish == nil {
//		commit(decision)                                  // records, states, events: one transaction
//		for _, start := range decision.Starts {
//			// in a goroutine: get a slot, then in the loop call
//			intent, ok := schedule.Begin(run, start.StepID, now)
//			// !ok: the start was withdrawn, give the slot back
//			// ok: commit(intent), then carry the operation out
//		}
//		outcomes := wait(decision.Wake)                   // outcomes, a nudge, or the wake time
//		decision = schedule.Advance(run, outcomes, now)
//	}
//	commit(decision)
//
// The opening move of a run that was rebuilt is told at once which of the
// children that it waits for have ended, or it might give up on one whose
// limit passed while no server looked.
//
// Everything that a Decision asks to write belongs into one commit, and the
// commit comes before whatever the decision allows. That makes a crash
// harmless: New, given the records that were committed, continues exactly
// where the last commit left off, and no event is written twice.
//
// A Run is not safe for concurrent use; one loop owns it.
package schedule
