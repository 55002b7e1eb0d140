package aws

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

func subnet(c *client) thing[types.Subnet] {
	return thing[types.Subnet]{
		noun: "subnet",
		find: byID("subnet-id"),
		list: func(ctx context.Context, filters []types.Filter) ([]types.Subnet, error) {
			return everyPage(func(token *string) ([]types.Subnet, *string, error) {
				out, err := c.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: filters, NextToken: token})
				if err != nil {
					return nil, nil, err
				}
				return out.Subnets, out.NextToken, nil
			})
		},
		tags:  func(s types.Subnet) []types.Tag { return s.Tags },
		names: func(s types.Subnet) map[string]orchestrator.Value { return named(s.SubnetId) },
		look: func(s types.Subnet) (resource.Phase, string) {
			switch s.State {
			case types.SubnetStateAvailable:
				return resource.Ready, string(s.State)
			case types.SubnetStatePending:
				return resource.Pending, string(s.State)
			default:
				return resource.Broken, string(s.State)
			}
		},
		more:   subnetZone,
		create: c.createSubnet,
		remove: func(ctx context.Context, _ *provider.Call, id string) error {
			_, err := c.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &id})
			return except(err, "InvalidSubnetID.NotFound")
		},
	}
}

// subnetZone writes the zone that the subnet got into the recorded parameters,
// where other deployments read it.
func subnetZone(_ context.Context, call *provider.Call, s types.Subnet) (map[string]orchestrator.Value, error) {
	config := maps.Clone(parameters(call))
	config["AvailabilityZone"] = aws.ToString(s.AvailabilityZone)
	return map[string]orchestrator.Value{configKey: config}, nil
}

func (c *client) createSubnet(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
	config := parameters(call)
	for _, network := range related(call, typeVpc) {
		setDefault(config, "VpcId", instanceID(network))
		setDefault(config, "CidrBlock", provider.Text(table(network.Runtime[configKey])["CidrBlock"]))
	}
	if err := c.chooseZone(ctx, call, config); err != nil {
		return nil, err
	}
	input, err := inputOf[ec2.CreateSubnetInput](config)
	if err != nil {
		return nil, err
	}
	addTags(&input.TagSpecifications, call, types.ResourceTypeSubnet)
	out, err := c.CreateSubnet(ctx, input, c.tagged)
	if err != nil {
		return nil, err
	}
	return named(out.Subnet.SubnetId), nil
}

// chooseZone replaces a zone that the region does not offer, when the node says
// use_available_zones.
func (c *client) chooseZone(ctx context.Context, call *provider.Call, config map[string]orchestrator.Value) error {
	if !provider.IsTrue(call.Self.Properties["use_available_zones"]) {
		return nil
	}
	out, err := c.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{Filters: []types.Filter{filter("state", "available")}})
	if err != nil {
		return fmt.Errorf("list availability zones: %w", err)
	}
	var zones []string
	for _, zone := range out.AvailabilityZones {
		zones = append(zones, aws.ToString(zone.ZoneName))
	}
	slices.Sort(zones)
	if wanted := provider.Text(config["AvailabilityZone"]); !slices.Contains(zones, wanted) && len(zones) > 0 {
		config["AvailabilityZone"] = zones[0]
	}
	return nil
}

// subnetAttributes is the subnet for the operation that changes its attributes:
// its parameters are ModifySubnetAttribute's, given with the operation.
func subnetAttributes(c *client) resource.Resource {
	subnets := subnet(c)
	subnets.update = func(ctx context.Context, call *provider.Call, s types.Subnet) error {
		input, err := inputOf[ec2.ModifySubnetAttributeInput](flatten(call.Inputs[configKey]))
		if err != nil {
			return err
		}
		input.SubnetId = s.SubnetId
		_, err = c.ModifySubnetAttribute(ctx, input)
		return err
	}
	// The operation's parameters are not the subnet's: keep what is recorded.
	subnets.more = func(_ context.Context, call *provider.Call, _ types.Subnet) (map[string]orchestrator.Value, error) {
		return map[string]orchestrator.Value{configKey: call.Self.Runtime[configKey]}, nil
	}
	return subnets
}
