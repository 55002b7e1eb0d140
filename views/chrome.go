package views

import "github.com/slipwayhq/slipway/orchestrator"

// Chrome is what every page has around its content.
type Chrome struct {
	Title   string  // of the browser's tab; "Slipway" is added
	Section Section // the entry of the bar that is current; empty for none
	Crumbs  []Link
	// User, Team and Role say who is signed in; an empty User draws a page for
	// nobody, without navigation.
	User, Team string
	Role       orchestrator.Role
	CSRF       string // goes into every form
	Notice     *Notice
	// Rehearsal, when set, is the sentence beside the word REHEARSAL in the
	// hatched bar of a page that is about a rehearsal.
	Rehearsal string
	// Stream is the address of the page's event stream; Live that of its
	// fragments. Both are empty where nothing moves.
	Stream, Live string
	// Working says that something is under way: browsers without scripting then
	// reload the page now and then.
	Working bool
	Wide    bool // topology and log get more width
	Slim    bool // a single form or question
}

// Section names an entry of the navigation.
type Section string

// The sections, in the order of the bar.
const (
	SectionEnvironments Section = "environments"
	SectionCatalogue    Section = "catalogue"
	SectionExecutions   Section = "executions"
	SectionBlueprints   Section = "blueprints"
	SectionSecrets      Section = "secrets"
)

type navEntry struct {
	section Section
	link    Link
}

// navigation lists the bar's entries. What a person may do there is decided
// when they do it; everybody may look.
func navigation() []navEntry {
	return []navEntry{
		{SectionEnvironments, Link{"Environments", "/environments"}},
		{SectionCatalogue, Link{"Catalogue", "/catalogue"}},
		{SectionExecutions, Link{"Executions", "/executions"}},
		{SectionBlueprints, Link{"Blueprints", "/blueprints"}},
		{SectionSecrets, Link{"Secrets", "/secrets"}},
	}
}

// Link is a text that leads somewhere.
type Link struct{ Text, Href string }

// Tone is the colour of a notice and of its mark.
type Tone string

// The tones. Each is also the name of a mark.
const (
	ToneInfo Tone = "info"
	ToneOK   Tone = "ok"
	ToneAttn Tone = "attn"
	ToneFail Tone = "fail"
)

// Notice is a banner: what happened, then the way out.
type Notice struct {
	Tone    Tone
	Title   string
	Text    string
	Items   []Link // links to the fields at fault, or to what is in the way
	Actions []Link
	Focus   bool // takes the focus when the page opens
}

// Mark is a state as people see it: a shape, a colour and a word.
type Mark struct {
	Kind string // ok, running, queued, approve, fail, attn, drift, asleep, cancelled, cancelling, deleting
	Word string
}

// spins reports whether the mark turns: only work that moves does.
func (m Mark) spins() bool { return m.Kind == "running" }

// Fact is a term with its value, in a page's row of facts.
type Fact struct {
	Term  string
	Value string
	Href  string // when the value leads somewhere
	Mono  bool   // names, ids and values are mono; sentences are not
	Quiet string // what stands behind the value, fainter
	When  *When  // a time instead of Value
}

// When is a moment: relative to read, absolute to hover, exact for machines.
type When struct {
	Text  string // "4 min ago"
	Title string // "Tue 24 Nov 2026 14:03:11 UTC"
	ISO   string
}

// Pager leads through a long list.
type Pager struct {
	Text       string // "1 to 25 of 143"
	Prev, Next string // addresses; empty at the ends
}

// Filter is one chip above a list.
type Filter struct {
	Text    string
	Href    string
	Count   string
	Kind    string // the mark beside it; empty for none
	Current bool
}

// Search is a page's search field. The rest of the query is kept in hidden fields.
type Search struct {
	Action      string
	Value       string
	Placeholder string
	Keep        []Hidden
}

// Hidden is a form field that people do not see.
type Hidden struct{ Name, Value string }
