package aws

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

func vpc(c *client) thing[types.Vpc] {
	return thing[types.Vpc]{
		noun: "VPC",
		find: byID("vpc-id"),
		list: func(ctx context.Context, filters []types.Filter) ([]types.Vpc, error) {
			return everyPage(func(token *string) ([]types.Vpc, *string, error) {
				out, err := c.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: filters, NextToken: token})
				if err != nil {
					return nil, nil, err
				}
				return out.Vpcs, out.NextToken, nil
			})
		},
		tags:  func(v types.Vpc) []types.Tag { return v.Tags },
		names: func(v types.Vpc) map[string]orchestrator.Value { return named(v.VpcId) },
		look: func(v types.Vpc) (resource.Phase, string) {
			if v.State == types.VpcStateAvailable {
				return resource.Ready, string(v.State)
			}
			return resource.Pending, string(v.State)
		},
		more: c.mainRouteTable,
		create: func(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
			input, err := inputOf[ec2.CreateVpcInput](parameters(call))
			if err != nil {
				return nil, err
			}
			addTags(&input.TagSpecifications, call, types.ResourceTypeVpc)
			out, err := c.CreateVpc(ctx, input, c.tagged)
			if err != nil {
				return nil, err
			}
			return named(out.Vpc.VpcId), nil
		},
		remove: func(ctx context.Context, _ *provider.Call, id string) error {
			_, err := c.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: &id})
			return except(err, "InvalidVpcID.NotFound")
		},
	}
}

// mainTableDelay is when to look again for a main route table, which each VPC has.
const mainTableDelay = 5 * time.Second

// mainRouteTable finds the table that came with the VPC; other nodes route by it.
func (c *client) mainRouteTable(ctx context.Context, _ *provider.Call, v types.Vpc) (map[string]orchestrator.Value, error) {
	found, err := c.listRouteTables(ctx, []types.Filter{filter("vpc-id", aws.ToString(v.VpcId)), filter("association.main", "true")})
	if err != nil {
		return nil, fmt.Errorf("look for the main route table: %w", err)
	}
	if len(found) == 0 {
		return nil, provider.RetryAfter(fmt.Errorf("VPC %s does not show its main route table yet", aws.ToString(v.VpcId)), mainTableDelay)
	}
	return map[string]orchestrator.Value{mainRouteTableKey: aws.ToString(found[0].RouteTableId)}, nil
}
