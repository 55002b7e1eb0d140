package rehearsal

import "github.com/slipwayhq/slipway/orchestrator"

// Document is a JSON object, as the far ends that speak HTTP keep one: numbers
// are float64.
type Document = map[string]any

// CloneDocument copies a document at every depth.
func CloneDocument(d Document) Document { return orchestrator.CloneValue(d).(Document) }

// Part returns the document under name, made if it is not there.
func Part(d Document, name string) Document {
	inner, ok := d[name].(Document)
	if !ok {
		inner = Document{}
		d[name] = inner
	}
	return inner
}
