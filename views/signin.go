package views

// SignInPage is the door.
type SignInPage struct {
	CSRF string
	// Next is where one goes after signing in: a path of this site.
	Next  string
	Name  string // kept after a failed try; the password never is
	Error string
	// Providers are further ways in, one button each.
	Providers []Provider
}

// Provider is an identity provider's button.
type Provider struct{ Letter, Name, Href string }
