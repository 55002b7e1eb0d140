package views

// ErrorPage says what happened, the way out, and what stays untouched. Of the
// server's own mistakes it says nothing but a number to quote.
type ErrorPage struct {
	Chrome
	Status    string // "404"
	Heading   string
	Text      string
	Actions   []Link
	RequestID string // for 500s: the server's log has the details under it
}
