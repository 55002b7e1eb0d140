package aws

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

func routeTable(c *client) thing[types.RouteTable] {
	return thing[types.RouteTable]{
		noun:  "route table",
		find:  byID("route-table-id"),
		list:  c.listRouteTables,
		tags:  func(t types.RouteTable) []types.Tag { return t.Tags },
		names: func(t types.RouteTable) map[string]orchestrator.Value { return named(t.RouteTableId) },
		create: func(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
			config := parameters(call)
			setDefault(config, "VpcId", relatedID(call, typeVpc))
			input, err := inputOf[ec2.CreateRouteTableInput](config)
			if err != nil {
				return nil, err
			}
			input.ClientToken = aws.String(call.ClientToken("route-table"))
			addTags(&input.TagSpecifications, call, types.ResourceTypeRouteTable)
			out, err := c.CreateRouteTable(ctx, input)
			if err != nil {
				return nil, err
			}
			return named(out.RouteTable.RouteTableId), nil
		},
		remove: func(ctx context.Context, _ *provider.Call, id string) error {
			_, err := c.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: &id})
			return except(err, "InvalidRouteTableID.NotFound")
		},
	}
}

func (c *client) listRouteTables(ctx context.Context, filters []types.Filter) ([]types.RouteTable, error) {
	return everyPage(func(token *string) ([]types.RouteTable, *string, error) {
		out, err := c.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: filters, NextToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.RouteTables, out.NextToken, nil
	})
}

// subnetAssociations bind the table to every subnet that the node is connected
// to; a node without subnets has nothing to bind.
func subnetAssociations(c *client) resource.Resource {
	tables := routeTable(c)
	associate := func(ctx context.Context, call *provider.Call) error {
		table, _, ok, err := tables.get(ctx, call)
		if err != nil || !ok {
			return err
		}
		bound := boundSubnets(table)
		for _, id := range relatedIDs(call, typeSubnet) {
			subnetID := provider.Text(id)
			if bound[subnetID] != "" {
				continue
			}
			_, err := c.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: table.RouteTableId, SubnetId: &subnetID})
			if err := except(err, "Resource.AlreadyAssociated"); err != nil {
				return err
			}
		}
		return nil
	}
	return link{
		observe: func(ctx context.Context, call *provider.Call) (resource.Observation, error) {
			table, id, ok, err := tables.get(ctx, call)
			seen := resource.Observation{Name: "associations of route table " + id}
			if err != nil || !ok {
				return seen, err
			}
			ids, missing := associationsOf(table, relatedIDs(call, typeSubnet))
			seen.Exists = len(ids) > 0
			seen.Stale = seen.Exists && missing
			seen.Set = map[string]orchestrator.Value{associationIDsKey: ids}
			return seen, nil
		},
		create: func(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
			return nil, associate(ctx, call)
		},
		update: associate,
		remove: func(ctx context.Context, call *provider.Call) error {
			table, _, ok, err := tables.get(ctx, call)
			if err != nil || !ok {
				return err
			}
			ids, _ := associationsOf(table, relatedIDs(call, typeSubnet))
			for _, id := range ids {
				_, err := c.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: aws.String(provider.Text(id))})
				if err := except(err, "InvalidAssociationID.NotFound"); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// noSubnets is the reason to do nothing for a table without subnets.
func noSubnets(call *provider.Call) string {
	if len(relatedIDs(call, typeSubnet)) == 0 {
		return "the route table is connected to no subnet"
	}
	return ""
}

// boundSubnets maps subnets to the associations that bind them to the table.
func boundSubnets(table types.RouteTable) map[string]string {
	bound := map[string]string{}
	for _, association := range table.Associations {
		if association.SubnetId != nil {
			bound[*association.SubnetId] = aws.ToString(association.RouteTableAssociationId)
		}
	}
	return bound
}

// associationsOf returns the ids of the associations of the given subnets, and
// whether one of the subnets has none.
func associationsOf(table types.RouteTable, subnetIDs []orchestrator.Value) (ids []orchestrator.Value, missing bool) {
	bound := boundSubnets(table)
	for _, subnetID := range subnetIDs {
		if id := bound[provider.Text(subnetID)]; id != "" {
			ids = append(ids, id)
		} else {
			missing = true
		}
	}
	return ids, missing
}
