package engine

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/slipwayhq/slipway/orchestrator"
)

// minRedacted is the shortest value that is redacted: shorter ones would eat
// ordinary words. The page of a secret says so.
const minRedacted = 8

// redacted stands for a value in logs and events.
const redacted = "[redacted]"

// redactor removes known secret values from text before it is stored. It knows
// each value plain, line by line, in base64 (all three alignments, standard and
// URL alphabet, and wrapped as base64 and openssl wrap it), URL-quoted,
// shell-quoted and as JSON writes it. Safe for concurrent use.
type redactor struct {
	mu       sync.RWMutex
	known    map[string]bool
	patterns []string // longest first, so that a value hides before its parts
}

func newRedactor() *redactor { return &redactor{known: map[string]bool{}} }

// learn adds every marked text inside v. Marked maps and lists are learned leaf
// by leaf: a kubeconfig's token is as secret as the whole.
func (r *redactor) learn(v orchestrator.Value) {
	for _, text := range markedTexts(v, false, nil) {
		r.add(text)
	}
}

// learnText adds one secret text.
func (r *redactor) learnText(text string) { r.add(text) }

func (r *redactor) add(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(secret) < minRedacted || r.known[secret] {
		return
	}
	r.known[secret] = true
	for _, form := range formsOf(secret) {
		if len(form) >= minRedacted && !slices.Contains(r.patterns, form) {
			r.patterns = append(r.patterns, form)
		}
	}
	slices.SortStableFunc(r.patterns, func(a, b string) int { return len(b) - len(a) })
}

// clean returns text without known values, and whether there were any.
func (r *redactor) clean(text string) (string, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	found := false
	for _, pattern := range r.patterns {
		if strings.Contains(text, pattern) {
			found = true
			text = strings.ReplaceAll(text, pattern, redacted)
		}
	}
	return text, found
}

// markedTexts collects the texts inside marks. A text that is itself marked
// always counts; inside a marked map or list only what looks secret does, since
// "v1" and a cluster's address in a marked kubeconfig are not.
func markedTexts(v orchestrator.Value, marked bool, texts []string) []string {
	switch v := v.(type) {
	case orchestrator.Sensitive:
		if text, ok := v.Open().(string); ok {
			return append(texts, text)
		}
		return markedTexts(v.Open(), true, texts)
	case []orchestrator.Value:
		for _, item := range v {
			if text, ok := item.(string); ok && marked && looksSecret("", text) {
				texts = append(texts, text)
			}
			texts = markedTexts(item, marked, texts)
		}
	case map[string]orchestrator.Value:
		for key, item := range v {
			if text, ok := item.(string); ok && marked && looksSecret(key, text) {
				texts = append(texts, text)
			}
			texts = markedTexts(item, marked, texts)
		}
	}
	return texts
}

// secretKeys are the words in a key that make its text secret.
var secretKeys = []string{"token", "password", "secret", "key", "-data", "_data", "credential"}

func looksSecret(key, text string) bool {
	lower := strings.ToLower(key)
	for _, word := range secretKeys {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return len(text) >= 32 && !strings.ContainsAny(text, " :")
}

// formsOf lists the shapes in which a secret may turn up in a line of text.
func formsOf(secret string) []string {
	forms := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), strings.ReplaceAll(secret, "\n", `\n`),
		strings.ReplaceAll(secret, "'", `'\''`), strings.ReplaceAll(secret, "'", `'"'"'`),
		jsonText(secret, false), jsonText(secret, true),
	}
	for _, line := range strings.Split(secret, "\n") {
		forms = append(forms, strings.TrimSpace(line))
	}
	for offset := range 3 {
		forms = append(forms, base64Cores(secret, offset)...)
	}
	return append(forms, wrappedBase64(secret)...)
}

// jsonText is a secret inside a JSON text, its quotes left out; html as Go's
// encoder writes it by default.
func jsonText(secret string, html bool) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(html)
	if encoder.Encode(secret) != nil {
		return secret
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(out.String()), `"`), `"`)
}

// wrappedBase64 returns the lines that base64 and openssl make of a secret. Each
// becomes an event of its own, where the whole would not be found.
func wrappedBase64(secret string) []string {
	encoded := base64.StdEncoding.EncodeToString([]byte(secret))
	var lines []string
	for _, width := range []int{64, 76} {
		if len(encoded) <= width {
			continue // found as a whole
		}
		for line := range slices.Chunk([]byte(encoded), width) {
			lines = append(lines, string(line))
		}
	}
	return lines
}

// base64Cores returns the base64 text that the secret always yields when it
// starts at the given offset of a 3-byte group, without the characters that
// its neighbours share.
func base64Cores(secret string, offset int) []string {
	padded := append(make([]byte, offset), secret...)
	whole := len(padded) / 3 * 3
	first := (offset*4 + 2) / 3 // characters that the bytes before it touch
	if offset == 0 {
		first = 0
	}
	standard := base64.RawStdEncoding.EncodeToString(padded[:whole])
	if first >= len(standard) {
		return nil
	}
	core := standard[first:]
	return []string{core, strings.NewReplacer("+", "-", "/", "_").Replace(core)}
}
