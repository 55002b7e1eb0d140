// Package cli is the command line client: cfy's grammar in front of the REST
// API. It knows HTTP, JSON, tables and exit codes, and draws findings with
// package diag. It refuses to know the server's inside: what it needs it asks
// for, so it works against any address.
//
// One file per noun; root.go holds what all commands share, client.go speaks
// HTTP, settings.go decides whom to ask and as whom.
package cli
