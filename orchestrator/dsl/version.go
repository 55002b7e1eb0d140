package dsl

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// versionPrefix starts every tosca_definitions_version.
const versionPrefix = "cloudify_dsl_"

// version is the minor number of a DSL version: 3 for cloudify_dsl_1_3. All
// versions have the major number 1.
type version int

const (
	v1_0 version = iota
	v1_1
	v1_2
	v1_3
	v1_4
	v1_5
)

func (v version) String() string { return fmt.Sprintf("%s1_%d", versionPrefix, int(v)) }

// suffix is what a file for this version has in its name: "_1_3".
func (v version) suffix() string { return fmt.Sprintf("_1_%d", int(v)) }

// tooNew reports whether what came with a version may not stand at a place.
func (c *compiler) tooNew(since version, at orchestrator.Range) bool {
	return since > c.version && c.validateVersion && !c.anyVersions[at.File]
}

// failTooNew reports something that came with a version.
func (c *compiler) failTooNew(since version, at orchestrator.Range, path, what string) {
	d := c.fail(codeTooNew, at, path, "%s needs %s, and this blueprint is %s", what, since, c.version)
	d.Hint = "raise tosca_definitions_version to " + since.String()
}

// knownVersion reads a version that blueprints may have.
func knownVersion(text string) (version, bool) {
	for v := v1_0; v <= v1_5; v++ {
		if text == v.String() {
			return v, true
		}
	}
	return 0, false
}

func knownVersions() []string {
	var out []string
	for v := v1_0; v <= v1_5; v++ {
		out = append(out, v.String())
	}
	return out
}

// VersionParts splits a version into its numbers; micro is -1 when absent. The
// error tells the numbered code of what is wrong with the text.
func VersionParts(text string) (major, minor, micro int, err error) {
	if text == "" {
		return 0, 0, 0, &VersionError{codeVersionMissing, "tosca_definitions_version is missing or empty"}
	}
	rest, ok := strings.CutPrefix(text, versionPrefix)
	parts := strings.Split(rest, "_")
	if !ok || len(parts) < 2 || len(parts) > 3 {
		return 0, 0, 0, &VersionError{codeVersionFormat, fmt.Sprintf("%q is not a version; write %s1_3", text, versionPrefix)}
	}
	numbers := []int{0, 0, -1}
	for i, code := range []int{codeVersionMajor, codeVersionMinor, codeVersionMicro} {
		if i == len(parts) {
			break
		}
		if numbers[i], err = strconv.Atoi(parts[i]); err != nil {
			return 0, 0, 0, &VersionError{code, fmt.Sprintf("%q in the version %q is not a number", parts[i], text)}
		}
	}
	return numbers[0], numbers[1], numbers[2], nil
}

// VersionError says what is wrong with a version on its own.
type VersionError struct {
	Code    int
	Message string
}

func (e *VersionError) Error() string { return e.Message }
