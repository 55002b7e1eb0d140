package eval

import "fmt"

// Error says which call could not be evaluated and why.
type Error struct {
	Function string
	// Path is the dotted path of the value that holds the call.
	Path string
	Err  error
}

func (e *Error) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("evaluate %s: %v", e.Function, e.Err)
	}
	return fmt.Sprintf("evaluate %s in %s: %v", e.Function, e.Path, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// unknownName is the error of a name that nothing declares.
type unknownName struct{ kind, name string }

func (e *unknownName) Error() string { return fmt.Sprintf("there is no %s %q", e.kind, e.name) }
