package aws

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

// ingressRules are the rules that one node adds to a security group. EC2 refuses
// a request of which a single rule is there already, so only what is missing is
// sent, and only what is there is revoked.
func ingressRules(c *client) resource.Resource {
	return link{
		observe: func(ctx context.Context, call *provider.Call) (resource.Observation, error) {
			rules, have, err := c.readRules(ctx, call)
			seen := resource.Observation{Name: "rules of security group " + aws.ToString(rules.GroupId)}
			if err != nil {
				return seen, err
			}
			want := rules.IpPermissions
			present := intersect(want, have)
			// Some present and some missing is "exists, and stale": a create
			// completes it, a delete removes what there is.
			seen.Exists = len(present) > 0
			seen.Stale = seen.Exists && len(subtract(want, have)) > 0
			seen.Set = map[string]orchestrator.Value{configKey: parameters(call)}
			return seen, nil
		},
		create: func(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
			return nil, c.authorizeMissing(ctx, call)
		},
		update: c.authorizeMissing,
		remove: func(ctx context.Context, call *provider.Call) error {
			rules, have, err := c.readRules(ctx, call)
			if err != nil {
				return err
			}
			present := intersect(rules.IpPermissions, have)
			if len(present) == 0 {
				return nil
			}
			_, err = c.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: rules.GroupId, IpPermissions: present})
			return except(err, "InvalidPermission.NotFound", "InvalidGroup.NotFound", "InvalidGroupId.NotFound")
		},
	}
}

// noRules is the reason to do nothing for a node that lists no rules.
func noRules(call *provider.Call) string {
	if isEmpty(parameters(call)["IpPermissions"]) {
		return "no IpPermissions are given"
	}
	return ""
}

func (c *client) authorizeMissing(ctx context.Context, call *provider.Call) error {
	rules, have, err := c.readRules(ctx, call)
	if err != nil {
		return err
	}
	missing := subtract(rules.IpPermissions, have)
	if len(missing) == 0 {
		return nil
	}
	_, err = c.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: rules.GroupId, IpPermissions: missing})
	return except(err, "InvalidPermission.Duplicate")
}

// readRules returns the rules that the node wants and those that the group has.
// A group that is gone has none.
func (c *client) readRules(ctx context.Context, call *provider.Call) (ec2.AuthorizeSecurityGroupIngressInput, []types.IpPermission, error) {
	config := parameters(call)
	setDefault(config, "GroupId", relatedID(call, typeSecurityGroup))
	if call.Self.Is(typeSecurityGroup) {
		// Given with an operation of the group itself.
		config = flatten(call.Inputs[configKey])
		setDefault(config, "GroupId", instanceID(call.Self))
	}
	var want ec2.AuthorizeSecurityGroupIngressInput
	if err := decode(config, &want); err != nil {
		return want, nil, err
	}
	if aws.ToString(want.GroupId) == "" {
		return want, nil, nil
	}
	groups, err := c.listSecurityGroups(ctx, []types.Filter{filter("group-id", aws.ToString(want.GroupId))})
	if err != nil {
		return want, nil, fmt.Errorf("look at security group %s: %w", aws.ToString(want.GroupId), err)
	}
	if len(groups) == 0 {
		return want, nil, nil
	}
	return want, groups[0].IpPermissions, nil
}

// subtract returns what of want is not in have, rule by rule.
func subtract(want, have []types.IpPermission) []types.IpPermission {
	known := ruleNames(have)
	return keep(want, func(name string) bool { return !known[name] })
}

// intersect returns what of want is in have, rule by rule.
func intersect(want, have []types.IpPermission) []types.IpPermission {
	known := ruleNames(have)
	return keep(want, func(name string) bool { return known[name] })
}

// keep takes permissions apart into single rules and keeps those whose name
// passes.
func keep(permissions []types.IpPermission, pass func(name string) bool) []types.IpPermission {
	var kept []types.IpPermission
	for _, single := range singleRules(permissions) {
		if pass(ruleName(single)) {
			kept = append(kept, single)
		}
	}
	return kept
}

func ruleNames(permissions []types.IpPermission) map[string]bool {
	names := map[string]bool{}
	for _, single := range singleRules(permissions) {
		names[ruleName(single)] = true
	}
	return names
}

// singleRules splits permissions so that each has one source.
func singleRules(permissions []types.IpPermission) []types.IpPermission {
	var single []types.IpPermission
	for _, p := range permissions {
		ports := types.IpPermission{IpProtocol: p.IpProtocol, FromPort: p.FromPort, ToPort: p.ToPort}
		for _, source := range p.IpRanges {
			one := ports
			one.IpRanges = []types.IpRange{source}
			single = append(single, one)
		}
		for _, source := range p.Ipv6Ranges {
			one := ports
			one.Ipv6Ranges = []types.Ipv6Range{source}
			single = append(single, one)
		}
		for _, source := range p.UserIdGroupPairs {
			one := ports
			one.UserIdGroupPairs = []types.UserIdGroupPair{source}
			single = append(single, one)
		}
		for _, source := range p.PrefixListIds {
			one := ports
			one.PrefixListIds = []types.PrefixListId{source}
			single = append(single, one)
		}
	}
	return single
}

// protocols are those that EC2 answers by name when they were given by number.
var protocols = map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}

// ruleName is what makes two rules the same for EC2: protocol, ports, source.
// Descriptions do not count; protocol -1 (all) has no ports.
func ruleName(single types.IpPermission) string {
	protocol := strings.ToLower(aws.ToString(single.IpProtocol))
	parts := []string{cmp.Or(protocols[protocol], protocol)}
	if parts[0] != "-1" {
		parts = append(parts, fmt.Sprint(aws.ToInt32(single.FromPort)), fmt.Sprint(aws.ToInt32(single.ToPort)))
	}
	for _, source := range single.IpRanges {
		parts = append(parts, canonical(aws.ToString(source.CidrIp)))
	}
	for _, source := range single.Ipv6Ranges {
		parts = append(parts, canonical(aws.ToString(source.CidrIpv6)))
	}
	for _, source := range single.UserIdGroupPairs {
		parts = append(parts, aws.ToString(source.GroupId))
	}
	for _, source := range single.PrefixListIds {
		parts = append(parts, aws.ToString(source.PrefixListId))
	}
	return strings.Join(parts, " ")
}
