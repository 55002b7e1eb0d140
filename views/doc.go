// Package views draws Slipway's pages. It knows the look, the words on buttons
// and the anatomy of each page; it is given a view model that already says what
// the page says, and never looks anything up. Here "deployment" becomes
// "environment", states become words with a mark, and times and counts become
// text (format.go, status.go), so that templates only place what they are given.
//
// It refuses to know requests, stores, permissions and clocks: who may press a
// button, and what time it is, are part of the model.
//
// One page is one pair of files: environment.go holds the model,
// environment.templ the drawing. Parts that several pages use are in parts.*,
// the frame in layout.*.
package views

//go:generate go run github.com/a-h/templ/cmd/templ@v0.3.1100 generate
