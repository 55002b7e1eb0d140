// Package eval computes values in the DSL. It knows the intrinsic functions:
// what their arguments look like, what they answer, how answers that hold
// further calls are followed, and that the answer of a function which read
// something sensitive is sensitive. "Not known yet" is a value: a call whose
// answer the Scope does not know stays a call, so one evaluator serves the
// creation of a deployment, the resolution of its components and run time.
//
// It refuses to know where inputs, secrets, capabilities and instances come
// from; whoever evaluates hands in a Scope.
package eval
