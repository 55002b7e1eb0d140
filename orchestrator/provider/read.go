package provider

import (
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// The functions here read properties and inputs as blueprints write them: what
// is not of the kind is read as not given. They open marks.

// IsTrue reads a boolean, written as one or as text.
func IsTrue(v orchestrator.Value) bool {
	switch v := orchestrator.Reveal(v).(type) {
	case bool:
		return v
	case string:
		return strings.EqualFold(v, "true")
	}
	return false
}

// Text reads a text; "" for anything else.
func Text(v orchestrator.Value) string {
	text, _ := orchestrator.Reveal(v).(string)
	return text
}

// Mapping reads a map; nil for anything else.
func Mapping(v orchestrator.Value) map[string]orchestrator.Value {
	m, _ := orchestrator.Reveal(v).(map[string]orchestrator.Value)
	return m
}

// LastSegment returns what an implementation's mapping is called in its module:
// create of cloudify_aws.ec2.resources.vpc.create.
func LastSegment(function string) string { return function[strings.LastIndexByte(function, '.')+1:] }
