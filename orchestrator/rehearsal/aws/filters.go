package aws

import (
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// checkFilters refuses filters that this kind does not have.
func (s shelf[T]) checkFilters(filters []types.Filter) error {
	var none T
	known := s.facts(none)
	for _, f := range filters {
		name := aws.ToString(f.Name)
		if _, ok := known[name]; !ok && name != s.idFilter && !strings.HasPrefix(name, "tag:") {
			return rehearsal.Refuse(400, "InvalidParameterValue", "The filter '%s' is invalid", name)
		}
	}
	return nil
}

// passes reports whether a thing meets all filters; each is met by any of its
// values, in which * and ? are wildcards.
func (s shelf[T]) passes(thing T, filters []types.Filter) bool {
	facts := s.facts(thing)
	facts[s.idFilter] = []string{aws.ToString(*s.id(&thing))}
	tags := *s.tags(&thing)
	for _, f := range filters {
		have := facts[aws.ToString(f.Name)]
		if key, isTag := strings.CutPrefix(aws.ToString(f.Name), "tag:"); isTag {
			have = tagValues(tags, key)
		}
		if !anyMatch(have, f.Values) {
			return false
		}
	}
	return true
}

func anyMatch(have, patterns []string) bool {
	return slices.ContainsFunc(have, func(value string) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, value) })
	})
}

// matches understands * and ? only; path.Match has more, and stops at slashes.
func matches(pattern, value string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return pattern == value
	}
	plain := strings.NewReplacer("/", "\x00")
	quote := strings.NewReplacer(`\`, `\\`, "[", `\[`, "/", "\x00")
	ok, err := path.Match(quote.Replace(pattern), plain.Replace(value))
	return err == nil && ok
}

// tagsFor returns the tags that a create gives to a kind of resource.
func tagsFor(specifications []types.TagSpecification, kind types.ResourceType) []types.Tag {
	var tags []types.Tag
	for _, specification := range specifications {
		if specification.ResourceType == kind {
			tags = append(tags, specification.Tags...)
		}
	}
	return tags
}

func tagValues(tags []types.Tag, key string) []string {
	for _, tag := range tags {
		if aws.ToString(tag.Key) == key {
			return []string{aws.ToString(tag.Value)}
		}
	}
	return nil
}

func tagOf(tags []types.Tag, key string) string {
	if values := tagValues(tags, key); len(values) > 0 {
		return values[0]
	}
	return ""
}
