// Package auth knows who is asking: local accounts with passwords, signed-in
// browsers, and the tokens that prove a form to be ours. It turns a request into
// an orchestrator.Actor or into nobody, and denies by default; what an actor may
// do is decided by package control, and which role a route needs at least by the
// route tables of web and web/api.
//
// A password is one way in. Whatever proves who somebody is (an identity
// provider, later) ends in Sessions.Begin, and everything after is the same.
package auth
