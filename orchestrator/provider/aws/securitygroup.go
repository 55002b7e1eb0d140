package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

func securityGroup(c *client) thing[types.SecurityGroup] {
	return thing[types.SecurityGroup]{
		noun:  "security group",
		find:  byID("group-id"),
		list:  c.listSecurityGroups,
		tags:  func(g types.SecurityGroup) []types.Tag { return g.Tags },
		names: func(g types.SecurityGroup) map[string]orchestrator.Value { return named(g.GroupId) },
		create: func(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
			config := parameters(call)
			setDefault(config, "VpcId", relatedID(call, typeVpc))
			input, err := inputOf[ec2.CreateSecurityGroupInput](config)
			if err != nil {
				return nil, err
			}
			addTags(&input.TagSpecifications, call, types.ResourceTypeSecurityGroup)
			out, err := c.CreateSecurityGroup(ctx, input, c.tagged)
			if err != nil {
				return nil, err
			}
			return named(out.GroupId), nil
		},
		remove: func(ctx context.Context, _ *provider.Call, id string) error {
			_, err := c.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &id})
			return except(err, "InvalidGroup.NotFound", "InvalidGroupId.NotFound")
		},
	}
}

func (c *client) listSecurityGroups(ctx context.Context, filters []types.Filter) ([]types.SecurityGroup, error) {
	return everyPage(func(token *string) ([]types.SecurityGroup, *string, error) {
		out, err := c.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: filters, NextToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.SecurityGroups, out.NextToken, nil
	})
}
