package aws

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// defaultGroup is the name of the security group that comes with a VPC.
const defaultGroup = "default"

func securityGroups() shelf[types.SecurityGroup] {
	return shelf[types.SecurityGroup]{
		kind: "ec2.SecurityGroup", prefix: "sg", missing: "InvalidGroup.NotFound", idFilter: "group-id",
		id:    func(g *types.SecurityGroup) **string { return &g.GroupId },
		tags:  func(g *types.SecurityGroup) *[]types.Tag { return &g.Tags },
		name:  func(g types.SecurityGroup) string { return aws.ToString(g.GroupName) },
		state: func(types.SecurityGroup) string { return "available" },
		facts: func(g types.SecurityGroup) map[string][]string {
			return map[string][]string{"vpc-id": {aws.ToString(g.VpcId)}, "group-name": {aws.ToString(g.GroupName)}}
		},
	}
}

func createSecurityGroup(r *request, in *ec2.CreateSecurityGroupInput) (*ec2.CreateSecurityGroupOutput, error) {
	v, err := vpcs().get(r, in.VpcId)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.GroupName)
	if name == "" || len(name) > 255 || strings.HasPrefix(name, "sg-") {
		return nil, rehearsal.Refuse(400, "InvalidParameterValue", "Value (%s) for parameter GroupName is invalid.", name)
	}
	twins, err := securityGroups().all(r, fact("vpc-id", in.VpcId), fact("group-name", in.GroupName))
	if err != nil {
		return nil, err
	}
	if len(twins) > 0 {
		return nil, rehearsal.Refuse(400, "InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", name, aws.ToString(in.VpcId))
	}
	tags := tagsFor(in.TagSpecifications, types.ResourceTypeSecurityGroup)
	added, err := securityGroups().add(r, types.SecurityGroup{
		VpcId: v.Thing.VpcId, GroupName: in.GroupName, Description: in.Description, OwnerId: aws.String(accountID),
	}, tags, 0)
	if err != nil {
		return nil, err
	}
	r.changed(added.Thing.GroupId, tags)
	return &ec2.CreateSecurityGroupOutput{GroupId: added.Thing.GroupId, Tags: tags}, nil
}

func describeSecurityGroups(r *request, in *ec2.DescribeSecurityGroupsInput) (*ec2.DescribeSecurityGroupsOutput, error) {
	found, err := securityGroups().all(r, in.Filters...)
	return &ec2.DescribeSecurityGroupsOutput{SecurityGroups: things(found)}, err
}

func authorizeIngress(r *request, in *ec2.AuthorizeSecurityGroupIngressInput) (*ec2.AuthorizeSecurityGroupIngressOutput, error) {
	g, err := securityGroups().get(r, in.GroupId)
	if err != nil {
		return nil, err
	}
	if len(in.IpPermissions) == 0 {
		return nil, rehearsal.Refuse(400, "MissingParameter", "The request must contain the parameter ipPermissions")
	}
	known := names(g.Thing.IpPermissions)
	for _, rule := range single(in.IpPermissions) {
		if err := checkRule(r, rule); err != nil {
			return nil, err
		}
		if slices.Contains(known, name(rule)) {
			return nil, rehearsal.Refuse(400, "InvalidPermission.Duplicate", "the specified rule \"%s\" already exists", name(rule))
		}
		known = append(known, name(rule))
	}
	for _, rule := range single(in.IpPermissions) {
		g.Thing.IpPermissions = append(g.Thing.IpPermissions, canonical(rule))
	}
	r.changed(g.Thing.GroupId, g.Thing.Tags)
	return &ec2.AuthorizeSecurityGroupIngressOutput{Return: aws.Bool(true)}, securityGroups().put(r, g)
}

// checkRule refuses what is no protocol, no port range, no network, no group.
func checkRule(r *request, rule types.IpPermission) error {
	switch protocol := aws.ToString(rule.IpProtocol); protocol {
	case "tcp", "udp", "6", "17":
		from, to := aws.ToInt32(rule.FromPort), aws.ToInt32(rule.ToPort)
		if rule.FromPort == nil || rule.ToPort == nil || from < 0 || to > 65535 || from > to {
			return rehearsal.Refuse(400, "InvalidParameterValue", "Invalid value for portRange: from %d to %d.", from, to)
		}
	case "icmp", "icmpv6", "1", "58", "-1":
	default:
		return rehearsal.Refuse(400, "InvalidParameterValue", "Invalid value '%s' for IP protocol.", protocol)
	}
	for _, source := range rule.IpRanges {
		if block, err := netip.ParsePrefix(aws.ToString(source.CidrIp)); err != nil || !block.Addr().Is4() {
			return rehearsal.Refuse(400, "InvalidParameterValue", "CIDR block %s is malformed", aws.ToString(source.CidrIp))
		}
	}
	for _, source := range rule.Ipv6Ranges {
		if block, err := netip.ParsePrefix(aws.ToString(source.CidrIpv6)); err != nil || !block.Addr().Is6() {
			return rehearsal.Refuse(400, "InvalidParameterValue", "CIDR block %s is malformed", aws.ToString(source.CidrIpv6))
		}
	}
	for _, source := range rule.UserIdGroupPairs {
		if _, err := securityGroups().get(r, source.GroupId); err != nil {
			return err
		}
	}
	return nil
}

func revokeIngress(r *request, in *ec2.RevokeSecurityGroupIngressInput) (*ec2.RevokeSecurityGroupIngressOutput, error) {
	g, err := securityGroups().get(r, in.GroupId)
	if err != nil {
		return nil, err
	}
	known, unwanted := names(g.Thing.IpPermissions), names(in.IpPermissions)
	for _, word := range unwanted {
		if !slices.Contains(known, word) {
			return nil, rehearsal.Refuse(400, "InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
	}
	g.Thing.IpPermissions = slices.DeleteFunc(single(g.Thing.IpPermissions), func(rule types.IpPermission) bool {
		return slices.Contains(unwanted, name(rule))
	})
	r.changed(g.Thing.GroupId, g.Thing.Tags)
	return &ec2.RevokeSecurityGroupIngressOutput{Return: aws.Bool(true)}, securityGroups().put(r, g)
}

func deleteSecurityGroup(r *request, in *ec2.DeleteSecurityGroupInput) (*ec2.DeleteSecurityGroupOutput, error) {
	g, err := securityGroups().get(r, in.GroupId)
	if err != nil {
		return nil, err
	}
	if aws.ToString(g.Thing.GroupName) == defaultGroup {
		return nil, rehearsal.Refuse(400, "CannotDelete", "the specified group: \"%s\" name: \"default\" cannot be deleted by a user", aws.ToString(in.GroupId))
	}
	users, err := allInterfaces(r, fact("group-id", in.GroupId))
	if err != nil {
		return nil, err
	}
	referring, err := groupsReferringTo(r, g.Thing)
	if err != nil {
		return nil, err
	}
	if len(users) > 0 || referring {
		return nil, rehearsal.Refuse(400, "DependencyViolation", "resource %s has a dependent object", aws.ToString(in.GroupId))
	}
	r.changed(g.Thing.GroupId, g.Thing.Tags)
	return &ec2.DeleteSecurityGroupOutput{GroupId: in.GroupId, Return: aws.Bool(true)}, securityGroups().remove(r, g)
}

// groupsReferringTo reports whether rules of another group name this one.
func groupsReferringTo(r *request, g types.SecurityGroup) (bool, error) {
	siblings, err := securityGroups().all(r, fact("vpc-id", g.VpcId))
	if err != nil {
		return false, err
	}
	for _, sibling := range siblings {
		if aws.ToString(sibling.Thing.GroupId) == aws.ToString(g.GroupId) {
			continue
		}
		for _, rule := range sibling.Thing.IpPermissions {
			for _, source := range rule.UserIdGroupPairs {
				if aws.ToString(source.GroupId) == aws.ToString(g.GroupId) {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// single takes permissions apart into rules with one source each.
func single(permissions []types.IpPermission) []types.IpPermission {
	var rules []types.IpPermission
	for _, p := range permissions {
		rule := types.IpPermission{IpProtocol: p.IpProtocol, FromPort: p.FromPort, ToPort: p.ToPort}
		for i := range p.IpRanges {
			rule := rule
			rule.IpRanges = p.IpRanges[i : i+1]
			rules = append(rules, rule)
		}
		for i := range p.Ipv6Ranges {
			rule := rule
			rule.Ipv6Ranges = p.Ipv6Ranges[i : i+1]
			rules = append(rules, rule)
		}
		for i := range p.UserIdGroupPairs {
			rule := rule
			rule.UserIdGroupPairs = p.UserIdGroupPairs[i : i+1]
			rules = append(rules, rule)
		}
		for i := range p.PrefixListIds {
			rule := rule
			rule.PrefixListIds = p.PrefixListIds[i : i+1]
			rules = append(rules, rule)
		}
	}
	return rules
}

func names(permissions []types.IpPermission) []string {
	var list []string
	for _, rule := range single(permissions) {
		list = append(list, name(rule))
	}
	return list
}

// protocols are those that EC2 keeps by name when they are given by number.
var protocols = map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}

// canonical is a single rule as EC2 keeps it: protocols by name, networks
// without the bits of a host.
func canonical(rule types.IpPermission) types.IpPermission {
	protocol := strings.ToLower(aws.ToString(rule.IpProtocol))
	rule.IpProtocol = aws.String(cmp.Or(protocols[protocol], protocol))
	for _, source := range rule.IpRanges {
		rule.IpRanges = []types.IpRange{{CidrIp: masked(source.CidrIp), Description: source.Description}}
	}
	for _, source := range rule.Ipv6Ranges {
		rule.Ipv6Ranges = []types.Ipv6Range{{CidrIpv6: masked(source.CidrIpv6), Description: source.Description}}
	}
	return rule
}

func masked(network *string) *string {
	block, err := netip.ParsePrefix(aws.ToString(network))
	if err != nil {
		return network
	}
	return aws.String(block.Masked().String())
}

// name prints a single rule as EC2 does in its errors.
func name(rule types.IpPermission) string {
	rule = canonical(rule)
	peer := ""
	switch {
	case len(rule.IpRanges) > 0:
		peer = aws.ToString(rule.IpRanges[0].CidrIp)
	case len(rule.Ipv6Ranges) > 0:
		peer = aws.ToString(rule.Ipv6Ranges[0].CidrIpv6)
	case len(rule.UserIdGroupPairs) > 0:
		peer = aws.ToString(rule.UserIdGroupPairs[0].GroupId)
	case len(rule.PrefixListIds) > 0:
		peer = aws.ToString(rule.PrefixListIds[0].PrefixListId)
	}
	if aws.ToString(rule.IpProtocol) == "-1" {
		return "peer: " + peer + ", ALL, ALLOW"
	}
	return fmt.Sprintf("peer: %s, %s, from port: %d, to port: %d, ALLOW", peer,
		strings.ToUpper(aws.ToString(rule.IpProtocol)), aws.ToInt32(rule.FromPort), aws.ToInt32(rule.ToPort))
}
