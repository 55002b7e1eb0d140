package views

// SecretsPage lists secrets by name; a value is never among them.
type SecretsPage struct {
	Chrome
	Search  Search
	Rows    []SecretRow
	Pager   Pager
	None    string
	CanEdit bool
	// Placeholders explains, while there are any, why launches are rehearsed.
	Placeholders *Notice
}

// SecretRow is one secret.
type SecretRow struct {
	Key, Href   string
	Kind        string // "sensitive", "configuration"
	Placeholder bool
	Version     string
	Updated     When
	By          string
}

// SecretPage shows and edits one secret.
type SecretPage struct {
	Chrome
	Key, Version string
	New          bool
	Kind         string
	Placeholder  *Notice
	Problem      *Notice
	Fields       []Field
	Facts        []Fact
	// Seen is the version that the form was opened with: a save over somebody
	// else's change is refused.
	Seen     string
	Action   string
	ReadOnly bool
	Delete   string // address of the question; empty when the person may not
}
