package aws

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

// route is one line of a route table. It cannot carry tags; table and
// destination name it, and its target tells whether it is this node's.
func route(c *client) resource.Resource {
	return link{
		observe: func(ctx context.Context, call *provider.Call) (resource.Observation, error) {
			want, err := wantedRoute(call)
			if err != nil {
				return resource.Observation{}, err
			}
			return c.observeRoute(ctx, call, want)
		},
		create: func(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
			want, err := wantedRoute(call)
			if err != nil {
				return nil, err
			}
			if aws.ToString(want.DestinationCidrBlock) == "" && aws.ToString(want.DestinationIpv6CidrBlock) == "" && aws.ToString(want.DestinationPrefixListId) == "" {
				return nil, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "resource_config of %s has no DestinationCidrBlock", call.Self.NodeID))
			}
			_, err = c.CreateRoute(ctx, want)
			return nil, except(err, "RouteAlreadyExists")
		},
		remove: func(ctx context.Context, call *provider.Call) error {
			want, err := wantedRoute(call)
			if err != nil {
				return err
			}
			_, err = c.DeleteRoute(ctx, &ec2.DeleteRouteInput{
				RouteTableId:             want.RouteTableId,
				DestinationCidrBlock:     want.DestinationCidrBlock,
				DestinationIpv6CidrBlock: want.DestinationIpv6CidrBlock,
				DestinationPrefixListId:  want.DestinationPrefixListId,
			})
			return except(err, "InvalidRoute.NotFound", "InvalidRouteTableID.NotFound")
		},
	}
}

func wantedRoute(call *provider.Call) (*ec2.CreateRouteInput, error) {
	config := parameters(call)
	if recorded := provider.Text(call.Self.Runtime[routeTableIDKey]); recorded != "" {
		config["RouteTableId"] = recorded
	}
	setDefault(config, "RouteTableId", relatedID(call, typeRouteTable))
	setDefault(config, "GatewayId", relatedID(call, typeInternetGateway))
	setDefault(config, "NetworkInterfaceId", relatedID(call, typeInterface))
	if _, given := config["NetworkInterfaceId"]; !given {
		setDefault(config, "InstanceId", relatedID(call, typeInstances))
	}
	want := &ec2.CreateRouteInput{}
	if err := decode(config, want); err != nil {
		return nil, err
	}
	for _, destination := range []*string{want.DestinationCidrBlock, want.DestinationIpv6CidrBlock} {
		if destination != nil {
			*destination = canonical(*destination)
		}
	}
	return want, nil
}

// canonical writes a network as EC2 keeps it: 10.1.2.3/16 is 10.1.0.0/16. What
// is no network stays, for EC2 to refuse.
func canonical(network string) string {
	prefix, err := netip.ParsePrefix(network)
	if err != nil {
		return network
	}
	return prefix.Masked().String()
}

func (c *client) observeRoute(ctx context.Context, call *provider.Call, want *ec2.CreateRouteInput) (resource.Observation, error) {
	tableID := aws.ToString(want.RouteTableId)
	seen := resource.Observation{Name: fmt.Sprintf("route to %s in route table %s", aws.ToString(want.DestinationCidrBlock), tableID)}
	if tableID == "" {
		return seen, nil
	}
	tables, err := c.listRouteTables(ctx, []types.Filter{filter("route-table-id", tableID)})
	if err != nil {
		return seen, fmt.Errorf("look at route table %s: %w", tableID, err)
	}
	if len(tables) == 0 {
		return seen, nil
	}
	for _, line := range tables[0].Routes {
		if !sameDestination(line, want) {
			continue
		}
		if !sameTarget(line, want) {
			// Somebody else's. A create may not replace it, a delete has nothing
			// of its own to remove.
			seen.Name += ", which leads elsewhere,"
			seen.Exists, seen.Foreign = !isDelete(call), true
			return seen, nil
		}
		seen.Exists = true
		seen.Set = map[string]orchestrator.Value{
			routeTableIDKey: tableID, destinationKey: aws.ToString(line.DestinationCidrBlock), configKey: parameters(call),
		}
	}
	return seen, nil
}

func isDelete(call *provider.Call) bool {
	return call.Operation == "cloudify.interfaces.lifecycle.delete"
}

func sameDestination(have types.Route, want *ec2.CreateRouteInput) bool {
	return aws.ToString(have.DestinationCidrBlock) == aws.ToString(want.DestinationCidrBlock) &&
		aws.ToString(have.DestinationIpv6CidrBlock) == aws.ToString(want.DestinationIpv6CidrBlock) &&
		aws.ToString(have.DestinationPrefixListId) == aws.ToString(want.DestinationPrefixListId)
}

// sameTarget compares what the node names; EC2 fills in more (the interface of
// an instance).
func sameTarget(have types.Route, want *ec2.CreateRouteInput) bool {
	pairs := [][2]*string{
		{want.GatewayId, have.GatewayId},
		{want.NatGatewayId, have.NatGatewayId},
		{want.NetworkInterfaceId, have.NetworkInterfaceId},
		{want.InstanceId, have.InstanceId},
		{want.VpcPeeringConnectionId, have.VpcPeeringConnectionId},
		{want.TransitGatewayId, have.TransitGatewayId},
		{want.EgressOnlyInternetGatewayId, have.EgressOnlyInternetGatewayId},
	}
	for _, pair := range pairs {
		if aws.ToString(pair[0]) != "" && aws.ToString(pair[0]) != aws.ToString(pair[1]) {
			return false
		}
	}
	return true
}
