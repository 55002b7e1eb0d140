package dsl

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// RewriteRule sends locations that begin with Prefix elsewhere.
type RewriteRule struct{ Prefix, Replacement string }

// Rewrite lists where a location is looked for: by every rule that matches, in
// order, and at the location itself when no rule matches or fallback is on. An
// Importer over the network tries them in turn.
func Rewrite(rules []RewriteRule, fallback bool, location string) []string {
	var out []string
	for _, rule := range rules {
		if rest, ok := strings.CutPrefix(location, rule.Prefix); ok {
			out = append(out, rule.Replacement+rest)
		}
	}
	if fallback || len(out) == 0 {
		out = append(out, location)
	}
	return out
}

var versionedFile = regexp.MustCompile(`_\d+_\d+\.ya?ml$`)

// PluginFile picks among the YAML files of a plugin the one for a DSL version
// such as cloudify_dsl_1_3: the one named for it, else the first that is named
// for none, else the last by name; empty when there is none at all.
func PluginFile(files []string, dslVersion string) string {
	return choosePluginFile(files, "_"+strings.TrimPrefix(dslVersion, versionPrefix))
}

func choosePluginFile(files []string, suffix string) string {
	for _, file := range files {
		if suffix != "" && strings.HasSuffix(strings.TrimSuffix(file, path.Ext(file)), suffix) {
			return file
		}
	}
	for _, file := range files {
		if !versionedFile.MatchString(file) {
			return file
		}
	}
	if len(files) == 0 {
		return ""
	}
	return slices.Max(files)
}
