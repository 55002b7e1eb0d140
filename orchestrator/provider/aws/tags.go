package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// tagSpecification holds the node's Tags and the ownership tags, which win. It
// goes into the create itself, so that no moment exists in which the resource
// is there and nobody can tell whose it is.
func tagSpecification(call *provider.Call, kind types.ResourceType) types.TagSpecification {
	owned := call.OwnershipTags()
	specification := types.TagSpecification{ResourceType: kind}
	seen := map[string]bool{}
	tags, _ := orchestrator.Reveal(call.Self.Properties["Tags"]).([]orchestrator.Value)
	for _, item := range tags {
		tag := table(item)
		key := provider.Text(tag["Key"])
		if _, ours := owned[key]; key == "" || ours || seen[key] {
			continue
		}
		seen[key] = true
		specification.Tags = append(specification.Tags, types.Tag{Key: aws.String(key), Value: aws.String(provider.Text(tag["Value"]))})
	}
	for _, key := range orchestrator.SortedKeys(owned) {
		specification.Tags = append(specification.Tags, types.Tag{Key: aws.String(key), Value: aws.String(owned[key])})
	}
	return specification
}

// addTags completes the TagSpecifications of a create that makes those types.
func addTags(given *[]types.TagSpecification, call *provider.Call, made ...types.ResourceType) {
	ours := make([]types.TagSpecification, len(made))
	for i, kind := range made {
		ours[i] = tagSpecification(call, kind)
	}
	*given = mergeTags(*given, ours...)
}

// mergeTags adds our tags to those that a blueprint wrote into TagSpecifications.
func mergeTags(given []types.TagSpecification, ours ...types.TagSpecification) []types.TagSpecification {
	for _, specification := range given {
		merged := false
		for i := range ours {
			if ours[i].ResourceType != specification.ResourceType {
				continue
			}
			merged = true
			for _, tag := range specification.Tags {
				if _, taken := tagValue(ours[i].Tags, aws.ToString(tag.Key)); !taken {
					ours[i].Tags = append(ours[i].Tags, tag)
				}
			}
		}
		if !merged {
			ours = append(ours, specification)
		}
	}
	return ours
}

func tagValue(tags []types.Tag, key string) (string, bool) {
	for _, tag := range tags {
		if aws.ToString(tag.Key) == key {
			return aws.ToString(tag.Value), true
		}
	}
	return "", false
}

// isForeign reports whether the tags do not say that this installation made it.
func isForeign(call *provider.Call, tags []types.Tag) bool {
	installation, _ := tagValue(tags, provider.TagInstallation)
	return installation != call.Installation
}

// ownershipFilters select what carries the tags of the call's instance.
func ownershipFilters(call *provider.Call) []types.Filter {
	owned := call.OwnershipTags()
	var filters []types.Filter
	for _, key := range orchestrator.SortedKeys(owned) {
		filters = append(filters, filter("tag:"+key, owned[key]))
	}
	return filters
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: aws.String(name), Values: values}
}
