package aws

import (
	"net/netip"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// How long networks take to come up.
const (
	vpcLasts    = 2 * time.Second
	subnetLasts = 2 * time.Second
)

func vpcs() shelf[types.Vpc] {
	return shelf[types.Vpc]{
		kind: "ec2.Vpc", prefix: "vpc", missing: "InvalidVpcID.NotFound", idFilter: "vpc-id",
		id:    func(v *types.Vpc) **string { return &v.VpcId },
		tags:  func(v *types.Vpc) *[]types.Tag { return &v.Tags },
		state: func(v types.Vpc) string { return string(v.State) },
		next: func(_ *request, d *document[types.Vpc]) (bool, error) {
			d.Thing.State = types.VpcStateAvailable
			return true, nil
		},
		facts: func(v types.Vpc) map[string][]string {
			return map[string][]string{"cidr": {aws.ToString(v.CidrBlock)}, "state": {string(v.State)}}
		},
	}
}

func createVpc(r *request, in *ec2.CreateVpcInput) (*ec2.CreateVpcOutput, error) {
	block, err := parseBlock(in.CidrBlock, "InvalidVpc.Range")
	if err != nil {
		return nil, err
	}
	tags := tagsFor(in.TagSpecifications, types.ResourceTypeVpc)
	added, err := vpcs().add(r, types.Vpc{
		CidrBlock: aws.String(block.String()), State: types.VpcStatePending,
		InstanceTenancy: types.TenancyDefault, IsDefault: aws.Bool(false), OwnerId: aws.String(accountID),
	}, tags, vpcLasts)
	if err != nil {
		return nil, err
	}
	if err := furnish(r, added.Thing); err != nil {
		return nil, err
	}
	r.changed(added.Thing.VpcId, tags)
	return &ec2.CreateVpcOutput{Vpc: &added.Thing}, nil
}

// accountID is the rehearsed account's number.
const accountID = "000000000000"

// furnish makes what comes with every VPC: its main route table and its default
// security group. They go with it, and are nobody's to list.
func furnish(r *request, v types.Vpc) error {
	table, err := routeTables().add(r, types.RouteTable{VpcId: v.VpcId, OwnerId: aws.String(accountID), Routes: localRoutes(v)}, nil, 0)
	if err != nil {
		return err
	}
	association, err := r.newID("rtbassoc")
	if err != nil {
		return err
	}
	table.Hidden = true
	table.Thing.Associations = []types.RouteTableAssociation{{
		Main: aws.Bool(true), RouteTableAssociationId: &association, RouteTableId: table.Thing.RouteTableId, AssociationState: associated(),
	}}
	if err := routeTables().put(r, table); err != nil {
		return err
	}
	group, err := securityGroups().add(r, types.SecurityGroup{
		VpcId: v.VpcId, OwnerId: aws.String(accountID), GroupName: aws.String(defaultGroup), Description: aws.String("default VPC security group"),
	}, nil, 0)
	if err != nil {
		return err
	}
	group.Hidden = true
	return securityGroups().put(r, group)
}

func describeVpcs(r *request, in *ec2.DescribeVpcsInput) (*ec2.DescribeVpcsOutput, error) {
	found, err := vpcs().all(r, in.Filters...)
	return &ec2.DescribeVpcsOutput{Vpcs: things(found)}, err
}

func deleteVpc(r *request, in *ec2.DeleteVpcInput) (*ec2.DeleteVpcOutput, error) {
	v, err := vpcs().get(r, in.VpcId)
	if err != nil {
		return nil, err
	}
	if err := refuseWhileUsed(r, v.Thing.VpcId); err != nil {
		return nil, err
	}
	within := fact("vpc-id", in.VpcId)
	tables, err := routeTables().all(r, within)
	if err != nil {
		return nil, err
	}
	for _, table := range tables {
		if err := routeTables().remove(r, table); err != nil {
			return nil, err
		}
	}
	groups, err := securityGroups().all(r, within)
	if err != nil {
		return nil, err
	}
	for _, group := range groups {
		if err := securityGroups().remove(r, group); err != nil {
			return nil, err
		}
	}
	r.changed(v.Thing.VpcId, v.Thing.Tags)
	return &ec2.DeleteVpcOutput{}, vpcs().remove(r, v)
}

// refuseWhileUsed names what still lives in the VPC beside its furniture.
func refuseWhileUsed(r *request, vpcID *string) error {
	within := fact("vpc-id", vpcID)
	inside, err := subnets().all(r, within)
	if err != nil {
		return err
	}
	gateways, err := internetGateways().all(r, fact("attachment.vpc-id", vpcID))
	if err != nil {
		return err
	}
	tables, err := routeTables().all(r, within)
	if err != nil {
		return err
	}
	groups, err := securityGroups().all(r, within)
	if err != nil {
		return err
	}
	if len(inside)+len(gateways)+countListed(tables)+countListed(groups) > 0 {
		return rehearsal.Refuse(400, "DependencyViolation", "The vpc '%s' has dependencies and cannot be deleted.", aws.ToString(vpcID))
	}
	return nil
}

func countListed[T any](documents []*document[T]) int {
	n := 0
	for _, d := range documents {
		if !d.Hidden {
			n++
		}
	}
	return n
}

// fact is a filter on one value.
func fact(name string, value *string) types.Filter {
	return types.Filter{Name: &name, Values: []string{aws.ToString(value)}}
}

// parseBlock reads an IPv4 network of a size that VPCs and subnets may have, in
// its canonical form.
func parseBlock(text *string, code string) (netip.Prefix, error) {
	if aws.ToString(text) == "" {
		return netip.Prefix{}, rehearsal.Refuse(400, "MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
	}
	block, err := netip.ParsePrefix(*text)
	if err != nil || !block.Addr().Is4() {
		return netip.Prefix{}, rehearsal.Refuse(400, "InvalidParameterValue", "Value (%s) for parameter cidrBlock is invalid. This is not a valid CIDR block.", *text)
	}
	if block.Bits() < 16 || block.Bits() > 28 {
		return netip.Prefix{}, rehearsal.Refuse(400, code, "The CIDR '%s' is invalid: the size must be between /16 and /28.", *text)
	}
	return block.Masked(), nil
}
