package orchestrator

import "fmt"

// Position is a place in a text: 1-based line and column (in characters).
// The zero Position means "somewhere in the file".
type Position struct {
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
}

// Range is a stretch of one file of a blueprint. File is the path inside the
// archive, or the import location for files from elsewhere.
type Range struct {
	File  string   `json:"file,omitempty"`
	Start Position `json:"start,omitzero"`
	End   Position `json:"end,omitzero"`
}

// String prints file:line:column, leaving out what is unknown.
func (r Range) String() string {
	switch {
	case r.Start.Line == 0:
		return r.File
	case r.Start.Column == 0:
		return fmt.Sprintf("%s:%d", r.File, r.Start.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", r.File, r.Start.Line, r.Start.Column)
	}
}
