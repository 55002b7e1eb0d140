package aws

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

func subnets() shelf[types.Subnet] {
	return shelf[types.Subnet]{
		kind: "ec2.Subnet", prefix: "subnet", missing: "InvalidSubnetID.NotFound", idFilter: "subnet-id",
		id:    func(s *types.Subnet) **string { return &s.SubnetId },
		tags:  func(s *types.Subnet) *[]types.Tag { return &s.Tags },
		state: func(s types.Subnet) string { return string(s.State) },
		next: func(_ *request, d *document[types.Subnet]) (bool, error) {
			d.Thing.State = types.SubnetStateAvailable
			return true, nil
		},
		facts: func(s types.Subnet) map[string][]string {
			return map[string][]string{
				"vpc-id": {aws.ToString(s.VpcId)}, "state": {string(s.State)},
				"cidr-block": {aws.ToString(s.CidrBlock)}, "availability-zone": {aws.ToString(s.AvailabilityZone)},
			}
		},
	}
}

func createSubnet(r *request, in *ec2.CreateSubnetInput) (*ec2.CreateSubnetOutput, error) {
	v, err := vpcs().get(r, in.VpcId)
	if err != nil {
		return nil, err
	}
	block, err := parseBlock(in.CidrBlock, "InvalidSubnet.Range")
	if err != nil {
		return nil, err
	}
	if err := checkRoom(r, v.Thing, block); err != nil {
		return nil, err
	}
	zone := aws.ToString(in.AvailabilityZone)
	if zone == "" {
		zone = r.region + zoneLetters[:1]
	}
	if !isZone(r.region, zone) {
		return nil, rehearsal.Refuse(400, "InvalidParameterValue",
			"Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.",
			zone, strings.Join(zones(r.region), ", "))
	}
	tags := tagsFor(in.TagSpecifications, types.ResourceTypeSubnet)
	added, err := subnets().add(r, types.Subnet{
		VpcId: v.Thing.VpcId, CidrBlock: aws.String(block.String()), AvailabilityZone: &zone, State: types.SubnetStatePending,
		MapPublicIpOnLaunch: aws.Bool(false), DefaultForAz: aws.Bool(false), OwnerId: aws.String(accountID),
	}, tags, subnetLasts)
	if err != nil {
		return nil, err
	}
	r.changed(added.Thing.SubnetId, tags)
	return &ec2.CreateSubnetOutput{Subnet: &added.Thing}, nil
}

// checkRoom refuses a block outside of the VPC or over another subnet.
func checkRoom(r *request, v types.Vpc, block netip.Prefix) error {
	whole, err := netip.ParsePrefix(aws.ToString(v.CidrBlock))
	if err != nil {
		return err
	}
	if block.Bits() < whole.Bits() || !whole.Contains(block.Addr()) {
		return rehearsal.Refuse(400, "InvalidSubnet.Range", "The CIDR '%s' is invalid.", block)
	}
	siblings, err := subnets().all(r, fact("vpc-id", v.VpcId))
	if err != nil {
		return err
	}
	for _, sibling := range siblings {
		other, err := netip.ParsePrefix(aws.ToString(sibling.Thing.CidrBlock))
		if err != nil {
			return err
		}
		if other.Overlaps(block) {
			return rehearsal.Refuse(400, "InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", block)
		}
	}
	return nil
}

func describeSubnets(r *request, in *ec2.DescribeSubnetsInput) (*ec2.DescribeSubnetsOutput, error) {
	found, err := subnets().all(r, in.Filters...)
	return &ec2.DescribeSubnetsOutput{Subnets: things(found)}, err
}

func modifySubnetAttribute(r *request, in *ec2.ModifySubnetAttributeInput) (*ec2.ModifySubnetAttributeOutput, error) {
	s, err := subnets().get(r, in.SubnetId)
	if err != nil {
		return nil, err
	}
	if in.MapPublicIpOnLaunch == nil {
		return nil, rehearsal.Refuse(400, "Rehearsal.UnknownAttribute", "the rehearsal changes no subnet attribute but MapPublicIpOnLaunch")
	}
	s.Thing.MapPublicIpOnLaunch = in.MapPublicIpOnLaunch.Value
	r.changed(s.Thing.SubnetId, s.Thing.Tags)
	return &ec2.ModifySubnetAttributeOutput{}, subnets().put(r, s)
}

func deleteSubnet(r *request, in *ec2.DeleteSubnetInput) (*ec2.DeleteSubnetOutput, error) {
	s, err := subnets().get(r, in.SubnetId)
	if err != nil {
		return nil, err
	}
	inside, err := allInterfaces(r, fact("subnet-id", in.SubnetId))
	if err != nil {
		return nil, err
	}
	if len(inside) > 0 {
		return nil, rehearsal.Refuse(400, "DependencyViolation", "The subnet '%s' has dependencies and cannot be deleted.", aws.ToString(in.SubnetId))
	}
	if err := forgetAssociations(r, in.SubnetId); err != nil {
		return nil, err
	}
	r.changed(s.Thing.SubnetId, s.Thing.Tags)
	return &ec2.DeleteSubnetOutput{}, subnets().remove(r, s)
}

// zoneLetters are the zones that every rehearsed region has.
const zoneLetters = "abc"

func zones(region string) []string {
	names := make([]string, 0, len(zoneLetters))
	for _, letter := range zoneLetters {
		names = append(names, region+string(letter))
	}
	return names
}

func isZone(region, zone string) bool { return slices.Contains(zones(region), zone) }

func describeAvailabilityZones(r *request, in *ec2.DescribeAvailabilityZonesInput) (*ec2.DescribeAvailabilityZonesOutput, error) {
	for _, f := range in.Filters {
		if aws.ToString(f.Name) != "state" || !anyMatch([]string{"available"}, f.Values) {
			return nil, rehearsal.Refuse(400, "Rehearsal.UnknownFilter", "the rehearsal filters zones by state available only")
		}
	}
	out := &ec2.DescribeAvailabilityZonesOutput{}
	for _, zone := range zones(r.region) {
		out.AvailabilityZones = append(out.AvailabilityZones, types.AvailabilityZone{
			ZoneName: aws.String(zone), RegionName: aws.String(r.region), State: types.AvailabilityZoneStateAvailable,
		})
	}
	return out, nil
}
