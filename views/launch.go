package views

import (
	"slices"
	"strconv"
)

// LaunchPage is the form that a blueprint's inputs make.
type LaunchPage struct {
	Chrome
	Blueprint, Version string
	Lede               string
	Action             string // where the form goes
	PreviewAction      string // where a changed form asks what it would build
	Where              []Field
	Name               Field
	Inputs             []Field
	More               []Field // optional, with a default: folded away
	Faults             *Notice // the summary of what is wrong; takes the focus
	Preview            Preview
	Commit             Commit
}

// Commit is the bar with the buttons; it follows what the preview says.
type Commit struct {
	Blueprint string
	// Rehearsal says that the launch would be a rehearsal anyway; CanRehearse
	// offers one first where the real thing is possible.
	Rehearsal, CanRehearse bool
}

// Field is one input of a form.
type Field struct {
	ID, Name, Label string
	Kind            FieldKind
	Type            string // what stands right of the label: "string, 3 to 63"
	Value           string
	Options         []Option
	Help            string
	Error           string
	Required        bool
	Mono            bool
	Placeholder     string
	Rows            int // of a textarea
	ReadOnly        bool
	// Shapes says that the preview depends on the field.
	Shapes bool
}

// FieldKind is how a field is drawn.
type FieldKind string

// The kinds of fields.
const (
	FieldText     FieldKind = "text"
	FieldNumber   FieldKind = "number"
	FieldArea     FieldKind = "area"
	FieldSelect   FieldKind = "select"
	FieldPicks    FieldKind = "picks"
	FieldPassword FieldKind = "password"
)

// Option is a choice of a select or of radio cards.
type Option struct {
	Value, Text, Note string
	Selected          bool
}

// Preview says what the form as it stands would build.
type Preview struct {
	Cell    string
	Mark    Mark
	Notices []Notice
	Legs    []Leg
	Facts   []Fact
	Command string
	// Rehearsal explains the mode when the launch would be a rehearsal.
	Rehearsal string
}

// Leg is a deployment that the launch would create.
type Leg struct {
	Depth                       int // 1 directly under the environment
	Node, Blueprint, Deployment string
}

// described lists what explains a field, for aria-describedby.
func (f Field) described() string {
	switch {
	case f.Error != "":
		return f.ID + "-e"
	case f.Help != "":
		return f.ID + "-h"
	default:
		return ""
	}
}

func (f Field) invalid() string {
	if f.Error != "" {
		return "true"
	}
	return "false"
}

// pickID gives the first radio card the field's own id, so that the summary of
// faults can lead to it.
func pickID(id string, i int) string {
	if i == 0 {
		return id
	}
	return id + "-" + strconv.Itoa(i)
}

func rows(f Field) string { return strconv.Itoa(max(f.Rows, 4)) }

func anyError(fields []Field) bool {
	return slices.ContainsFunc(fields, func(f Field) bool { return f.Error != "" })
}
