package aws

import (
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

func routeTables() shelf[types.RouteTable] {
	return shelf[types.RouteTable]{
		kind: "ec2.RouteTable", prefix: "rtb", missing: "InvalidRouteTableID.NotFound", idFilter: "route-table-id",
		id:    func(t *types.RouteTable) **string { return &t.RouteTableId },
		tags:  func(t *types.RouteTable) *[]types.Tag { return &t.Tags },
		state: func(types.RouteTable) string { return "available" },
		facts: func(t types.RouteTable) map[string][]string {
			facts := map[string][]string{"vpc-id": {aws.ToString(t.VpcId)}, "association.main": nil, "association.subnet-id": nil}
			for _, association := range t.Associations {
				if aws.ToBool(association.Main) {
					facts["association.main"] = []string{"true"}
				}
				if association.SubnetId != nil {
					facts["association.subnet-id"] = append(facts["association.subnet-id"], *association.SubnetId)
				}
			}
			return facts
		},
	}
}

func associated() *types.RouteTableAssociationState {
	return &types.RouteTableAssociationState{State: types.RouteTableAssociationStateCodeAssociated}
}

func localRoutes(v types.Vpc) []types.Route {
	return []types.Route{{
		DestinationCidrBlock: v.CidrBlock, GatewayId: aws.String("local"),
		Origin: types.RouteOriginCreateRouteTable, State: types.RouteStateActive,
	}}
}

func createRouteTable(r *request, in *ec2.CreateRouteTableInput) (*ec2.CreateRouteTableOutput, error) {
	v, err := vpcs().get(r, in.VpcId)
	if err != nil {
		return nil, err
	}
	earlier, err := byToken(r, routeTables(), in.ClientToken, in)
	if err != nil {
		return nil, err
	}
	if earlier != nil {
		r.repeated(earlier.Thing.RouteTableId, earlier.Thing.Tags)
		return &ec2.CreateRouteTableOutput{RouteTable: &earlier.Thing, ClientToken: in.ClientToken}, nil
	}
	tags := tagsFor(in.TagSpecifications, types.ResourceTypeRouteTable)
	added, err := routeTables().add(r, types.RouteTable{VpcId: in.VpcId, OwnerId: aws.String(accountID), Routes: localRoutes(v.Thing)}, tags, 0)
	if err != nil {
		return nil, err
	}
	if err := keepToken(r, routeTables(), added, in.ClientToken, in); err != nil {
		return nil, err
	}
	r.changed(added.Thing.RouteTableId, tags)
	return &ec2.CreateRouteTableOutput{RouteTable: &added.Thing, ClientToken: in.ClientToken}, nil
}

func describeRouteTables(r *request, in *ec2.DescribeRouteTablesInput) (*ec2.DescribeRouteTablesOutput, error) {
	found, err := routeTables().all(r, in.Filters...)
	return &ec2.DescribeRouteTablesOutput{RouteTables: things(found)}, err
}

func associateRouteTable(r *request, in *ec2.AssociateRouteTableInput) (*ec2.AssociateRouteTableOutput, error) {
	t, err := routeTables().get(r, in.RouteTableId)
	if err != nil {
		return nil, err
	}
	s, err := subnets().get(r, in.SubnetId)
	if err != nil {
		return nil, err
	}
	if aws.ToString(s.Thing.VpcId) != aws.ToString(t.Thing.VpcId) {
		return nil, rehearsal.Refuse(400, "InvalidParameterValue", "Route table %s and subnet %s belong to different networks",
			aws.ToString(in.RouteTableId), aws.ToString(in.SubnetId))
	}
	holders, err := routeTables().all(r, fact("association.subnet-id", in.SubnetId))
	if err != nil {
		return nil, err
	}
	if len(holders) > 0 {
		return nil, rehearsal.Refuse(400, "Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing association", aws.ToString(in.RouteTableId))
	}
	id, err := r.newID("rtbassoc")
	if err != nil {
		return nil, err
	}
	t.Thing.Associations = append(t.Thing.Associations, types.RouteTableAssociation{
		RouteTableAssociationId: &id, RouteTableId: t.Thing.RouteTableId, SubnetId: in.SubnetId, Main: aws.Bool(false), AssociationState: associated(),
	})
	r.changed(t.Thing.RouteTableId, t.Thing.Tags)
	return &ec2.AssociateRouteTableOutput{AssociationId: &id, AssociationState: associated()}, routeTables().put(r, t)
}

func disassociateRouteTable(r *request, in *ec2.DisassociateRouteTableInput) (*ec2.DisassociateRouteTableOutput, error) {
	tables, err := routeTables().all(r)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		i := slices.IndexFunc(t.Thing.Associations, func(a types.RouteTableAssociation) bool {
			return aws.ToString(a.RouteTableAssociationId) == aws.ToString(in.AssociationId)
		})
		if i < 0 {
			continue
		}
		if aws.ToBool(t.Thing.Associations[i].Main) {
			return nil, rehearsal.Refuse(400, "InvalidParameterValue", "cannot disassociate the main route table association %s", aws.ToString(in.AssociationId))
		}
		t.Thing.Associations = slices.Delete(t.Thing.Associations, i, i+1)
		r.changed(t.Thing.RouteTableId, t.Thing.Tags)
		return &ec2.DisassociateRouteTableOutput{}, routeTables().put(r, t)
	}
	return nil, rehearsal.Refuse(400, "InvalidAssociationID.NotFound", "The association ID '%s' does not exist", aws.ToString(in.AssociationId))
}

// forgetAssociations drops the associations of a subnet that goes.
func forgetAssociations(r *request, subnetID *string) error {
	holders, err := routeTables().all(r, fact("association.subnet-id", subnetID))
	if err != nil {
		return err
	}
	for _, t := range holders {
		t.Thing.Associations = slices.DeleteFunc(t.Thing.Associations, func(a types.RouteTableAssociation) bool {
			return aws.ToString(a.SubnetId) == aws.ToString(subnetID)
		})
		if err := routeTables().put(r, t); err != nil {
			return err
		}
	}
	return nil
}

func deleteRouteTable(r *request, in *ec2.DeleteRouteTableInput) (*ec2.DeleteRouteTableOutput, error) {
	t, err := routeTables().get(r, in.RouteTableId)
	if err != nil {
		return nil, err
	}
	if len(t.Thing.Associations) > 0 {
		return nil, rehearsal.Refuse(400, "DependencyViolation", "The routeTable '%s' has dependencies and cannot be deleted.", aws.ToString(in.RouteTableId))
	}
	r.changed(t.Thing.RouteTableId, t.Thing.Tags)
	return &ec2.DeleteRouteTableOutput{}, routeTables().remove(r, t)
}

func createRoute(r *request, in *ec2.CreateRouteInput) (*ec2.CreateRouteOutput, error) {
	t, err := routeTables().get(r, in.RouteTableId)
	if err != nil {
		return nil, err
	}
	block, err := netip.ParsePrefix(aws.ToString(in.DestinationCidrBlock))
	if err != nil || !block.Addr().Is4() {
		return nil, rehearsal.Refuse(400, "InvalidParameterValue", "Value (%s) for parameter destinationCidrBlock is invalid.", aws.ToString(in.DestinationCidrBlock))
	}
	destination := block.Masked().String()
	if routeTo(t.Thing, destination) >= 0 {
		return nil, rehearsal.Refuse(400, "RouteAlreadyExists", "The route identified by %s already exists.", destination)
	}
	line := types.Route{DestinationCidrBlock: &destination, Origin: types.RouteOriginCreateRoute, State: types.RouteStateActive}
	if err := aim(r, t.Thing, in, &line); err != nil {
		return nil, err
	}
	t.Thing.Routes = append(t.Thing.Routes, line)
	r.changed(t.Thing.RouteTableId, t.Thing.Tags)
	return &ec2.CreateRouteOutput{Return: aws.Bool(true)}, routeTables().put(r, t)
}

// aim checks a route's target and writes it into the line.
func aim(r *request, t types.RouteTable, in *ec2.CreateRouteInput, line *types.Route) error {
	switch {
	case in.GatewayId != nil:
		g, err := internetGateways().get(r, in.GatewayId)
		if err != nil {
			return err
		}
		mine, err := gatewayOf(r, t.VpcId)
		if err != nil {
			return err
		}
		if mine == nil || aws.ToString(mine.Thing.InternetGatewayId) != aws.ToString(g.Thing.InternetGatewayId) {
			return rehearsal.Refuse(400, "InvalidParameterValue", "route table %s and network gateway %s belong to different networks",
				aws.ToString(t.RouteTableId), aws.ToString(in.GatewayId))
		}
		line.GatewayId = in.GatewayId
	case in.NetworkInterfaceId != nil:
		face, err := getInterface(r, in.NetworkInterfaceId)
		if err != nil {
			return err
		}
		line.NetworkInterfaceId = face.Thing.NetworkInterfaceId
	case in.InstanceId != nil:
		if _, err := instances().get(r, in.InstanceId); err != nil {
			return err
		}
		line.InstanceId = in.InstanceId
	default:
		return rehearsal.Refuse(400, "MissingParameter", "The request must contain exactly one target that the rehearsal knows: gatewayId, networkInterfaceId, instanceId")
	}
	return nil
}

func routeTo(t types.RouteTable, destination string) int {
	return slices.IndexFunc(t.Routes, func(line types.Route) bool { return aws.ToString(line.DestinationCidrBlock) == destination })
}

func deleteRoute(r *request, in *ec2.DeleteRouteInput) (*ec2.DeleteRouteOutput, error) {
	t, err := routeTables().get(r, in.RouteTableId)
	if err != nil {
		return nil, err
	}
	i := routeTo(t.Thing, aws.ToString(in.DestinationCidrBlock))
	if i < 0 {
		return nil, rehearsal.Refuse(400, "InvalidRoute.NotFound", "no route with destination-cidr-block %s in route table %s",
			aws.ToString(in.DestinationCidrBlock), aws.ToString(in.RouteTableId))
	}
	if t.Thing.Routes[i].Origin == types.RouteOriginCreateRouteTable {
		return nil, rehearsal.Refuse(400, "InvalidParameterValue", "cannot remove local route %s in route table %s",
			aws.ToString(in.DestinationCidrBlock), aws.ToString(in.RouteTableId))
	}
	t.Thing.Routes = slices.Delete(t.Thing.Routes, i, i+1)
	r.changed(t.Thing.RouteTableId, t.Thing.Tags)
	return &ec2.DeleteRouteOutput{}, routeTables().put(r, t)
}
