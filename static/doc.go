// Package static holds what a browser fetches once and keeps: style sheets,
// scripts, fonts and the mark. It knows files, their digests and how to serve
// them for ever; it knows nothing of pages, people or routes.
//
// The style sheet and our own script are written as several small files and
// joined at start, so that there is no build step and a page still asks for two
// files. Each asset's path carries a digest of its content: a changed asset is
// another path, and every answer may be cached for a year.
package static
