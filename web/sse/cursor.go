package sse

import (
	"strconv"
	"strings"
)

// Cursor is how far a page has read: events of a root execution up to a number.
// It is an event's id in the stream, so a browser hands it back by itself.
type Cursor struct {
	Root string
	Seq  int64
}

func (c Cursor) String() string { return c.Root + ":" + strconv.FormatInt(c.Seq, 10) }

// ParseCursor reads "<root execution>:<number>"; ok is false for anything else.
func ParseCursor(text string) (c Cursor, ok bool) {
	root, number, found := strings.Cut(text, ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	if !found || root == "" || err != nil || seq < 0 {
		return Cursor{}, false
	}
	return Cursor{Root: root, Seq: seq}, true
}
