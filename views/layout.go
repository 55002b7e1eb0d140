package views

import "github.com/a-h/templ"

// htmxConfig switches off what a strict content security policy forbids: htmx's
// own style element, and evaluating text as code. Errors (4xx) are drawn too.
const htmxConfig = `{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"selfRequestsOnly":true,"historyCacheSize":0,"responseHandling":[{"code":"204","swap":false},{"code":"[2345]..","swap":true}]}`

// currentPage marks the link to the page that one is on.
func currentPage(current bool) templ.Attributes {
	if !current {
		return nil
	}
	return templ.Attributes{"aria-current": "page"}
}

// streamAttributes tells follow.js where the page's stream is.
func streamAttributes(c Chrome) templ.Attributes {
	if c.Stream == "" {
		return nil
	}
	return templ.Attributes{"data-stream": c.Stream}
}

// noticeRole makes screen readers speak of trouble at once, of the rest politely.
func noticeRole(tone Tone) string {
	if tone == ToneFail {
		return "alert"
	}
	return "status"
}

// swap marks a fragment of an answer to replace the element of the same id.
func swap(live bool) templ.Attributes {
	if !live {
		return nil
	}
	return templ.Attributes{"hx-swap-oob": "true"}
}

// confirmName lets confirm.js hold the button back until the name is typed.
func confirmName(name string) templ.Attributes {
	if name == "" {
		return nil
	}
	return templ.Attributes{"data-confirm-name": name}
}

// current marks the entry of a group that is in force.
func current(on bool) templ.Attributes {
	if !on {
		return nil
	}
	return templ.Attributes{"aria-current": "true"}
}
