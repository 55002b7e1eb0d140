// Package sse keeps an open page informed. It knows the event-stream format,
// cursors that survive a reconnect to any server, and how to hand one reader's
// rows to many pages; it knows nothing of pages, databases or permissions: rows
// come from a Feed, and whoever writes a Stream has decided that it may.
package sse
