package aws

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

const interfaceLasts = 2 * time.Second

// pendingInterface is the API's word for a new interface, which its enum lacks.
const pendingInterface types.NetworkInterfaceStatus = "pending"

func interfaces() shelf[types.NetworkInterface] {
	return shelf[types.NetworkInterface]{
		kind: "ec2.NetworkInterface", prefix: "eni", missing: "InvalidNetworkInterfaceID.NotFound", idFilter: "network-interface-id",
		id:    func(i *types.NetworkInterface) **string { return &i.NetworkInterfaceId },
		tags:  func(i *types.NetworkInterface) *[]types.Tag { return &i.TagSet },
		state: func(i types.NetworkInterface) string { return string(i.Status) },
		next: func(_ *request, d *document[types.NetworkInterface]) (bool, error) {
			if d.Thing.Attachment == nil {
				d.Thing.Status = types.NetworkInterfaceStatusAvailable
			}
			return true, nil
		},
		facts: func(i types.NetworkInterface) map[string][]string {
			facts := map[string][]string{
				"vpc-id": {aws.ToString(i.VpcId)}, "subnet-id": {aws.ToString(i.SubnetId)}, "status": {string(i.Status)},
				"group-id": nil, "attachment.instance-id": nil, "attachment.attachment-id": nil,
			}
			for _, group := range i.Groups {
				facts["group-id"] = append(facts["group-id"], aws.ToString(group.GroupId))
			}
			if i.Attachment != nil {
				facts["attachment.instance-id"] = []string{aws.ToString(i.Attachment.InstanceId)}
				facts["attachment.attachment-id"] = []string{aws.ToString(i.Attachment.AttachmentId)}
			}
			return facts
		},
	}
}

// getInterface returns an interface after its instance had its due changes: a
// terminated instance lets go of it.
func getInterface(r *request, id *string) (*document[types.NetworkInterface], error) {
	face, err := interfaces().get(r, id)
	if err != nil || face.Thing.Attachment == nil {
		return face, err
	}
	if _, err := instances().look(r, aws.ToString(face.Thing.Attachment.InstanceId)); err != nil {
		return nil, err
	}
	return interfaces().get(r, id)
}

// allInterfaces lists interfaces after the instances that hold them had their
// due changes.
func allInterfaces(r *request, filters ...types.Filter) ([]*document[types.NetworkInterface], error) {
	found, err := interfaces().all(r, filters...)
	if err != nil {
		return nil, err
	}
	for _, face := range found {
		if face.Thing.Attachment == nil {
			continue
		}
		if _, err := instances().look(r, aws.ToString(face.Thing.Attachment.InstanceId)); err != nil {
			return nil, err
		}
	}
	return interfaces().all(r, filters...)
}

// interfacesOf returns the interfaces of an instance by device index.
func interfacesOf(r *request, instanceID *string) ([]*document[types.NetworkInterface], error) {
	faces, err := interfaces().all(r, fact("attachment.instance-id", instanceID))
	slices.SortFunc(faces, func(a, b *document[types.NetworkInterface]) int {
		return int(aws.ToInt32(a.Thing.Attachment.DeviceIndex) - aws.ToInt32(b.Thing.Attachment.DeviceIndex))
	})
	return faces, err
}

func createNetworkInterface(r *request, in *ec2.CreateNetworkInterfaceInput) (*ec2.CreateNetworkInterfaceOutput, error) {
	earlier, err := byToken(r, interfaces(), in.ClientToken, in)
	if err != nil {
		return nil, err
	}
	if earlier != nil {
		r.repeated(earlier.Thing.NetworkInterfaceId, earlier.Thing.TagSet)
		return &ec2.CreateNetworkInterfaceOutput{NetworkInterface: &earlier.Thing, ClientToken: in.ClientToken}, nil
	}
	s, err := subnets().get(r, in.SubnetId)
	if err != nil {
		return nil, err
	}
	tags := tagsFor(in.TagSpecifications, types.ResourceTypeNetworkInterface)
	added, err := plugInterface(r, s.Thing, in.Groups, aws.ToString(in.PrivateIpAddress), tags)
	if err != nil {
		return nil, err
	}
	if err := keepToken(r, interfaces(), added, in.ClientToken, in); err != nil {
		return nil, err
	}
	r.changed(added.Thing.NetworkInterfaceId, tags)
	return &ec2.CreateNetworkInterfaceOutput{NetworkInterface: &added.Thing, ClientToken: in.ClientToken}, nil
}

// plugInterface makes an interface in a subnet.
func plugInterface(r *request, s types.Subnet, groupIDs []string, wanted string, tags []types.Tag) (*document[types.NetworkInterface], error) {
	groups, err := groupsIn(r, s.VpcId, groupIDs)
	if err != nil {
		return nil, err
	}
	address, err := freeAddress(r, s, wanted)
	if err != nil {
		return nil, err
	}
	return interfaces().add(r, types.NetworkInterface{
		SubnetId: s.SubnetId, VpcId: s.VpcId, AvailabilityZone: s.AvailabilityZone, OwnerId: aws.String(accountID),
		Groups: groups, PrivateIpAddress: &address, Status: pendingInterface,
		PrivateIpAddresses: []types.NetworkInterfacePrivateIpAddress{{Primary: aws.Bool(true), PrivateIpAddress: &address}},
		InterfaceType:      types.NetworkInterfaceTypeInterface, SourceDestCheck: aws.Bool(true),
	}, tags, interfaceLasts)
}

// groupsIn returns the named groups of a VPC; none named means the default one.
func groupsIn(r *request, vpcID *string, ids []string) ([]types.GroupIdentifier, error) {
	if len(ids) == 0 {
		found, err := securityGroups().all(r, fact("vpc-id", vpcID), fact("group-name", aws.String(defaultGroup)))
		if err != nil {
			return nil, err
		}
		return identify(found), nil
	}
	var found []*document[types.SecurityGroup]
	for _, id := range ids {
		group, err := securityGroups().get(r, &id)
		if err != nil {
			return nil, err
		}
		if aws.ToString(group.Thing.VpcId) != aws.ToString(vpcID) {
			return nil, rehearsal.Refuse(400, "InvalidParameter", "Security group %s and subnet belong to different networks.", id)
		}
		found = append(found, group)
	}
	return identify(found), nil
}

func identify(groups []*document[types.SecurityGroup]) []types.GroupIdentifier {
	var list []types.GroupIdentifier
	for _, group := range groups {
		list = append(list, types.GroupIdentifier{GroupId: group.Thing.GroupId, GroupName: group.Thing.GroupName})
	}
	return list
}

// freeAddress returns the wanted address of a subnet, or its lowest free one;
// the first four and the last are Amazon's.
func freeAddress(r *request, s types.Subnet, wanted string) (string, error) {
	block, err := netip.ParsePrefix(aws.ToString(s.CidrBlock))
	if err != nil {
		return "", err
	}
	neighbours, err := interfaces().all(r, fact("subnet-id", s.SubnetId))
	if err != nil {
		return "", err
	}
	taken := map[string]bool{}
	for _, neighbour := range neighbours {
		taken[aws.ToString(neighbour.Thing.PrivateIpAddress)] = true
	}
	if wanted != "" {
		address, err := netip.ParseAddr(wanted)
		if err != nil || !block.Contains(address) {
			return "", rehearsal.Refuse(400, "InvalidParameterValue", "Address %s does not fall within the subnet's address range", wanted)
		}
		if taken[wanted] {
			return "", rehearsal.Refuse(400, "InvalidIPAddress.InUse", "Address %s is in use.", wanted)
		}
		return wanted, nil
	}
	address := block.Addr()
	for range 4 {
		address = address.Next()
	}
	for ; block.Contains(address.Next()); address = address.Next() {
		if !taken[address.String()] {
			return address.String(), nil
		}
	}
	return "", rehearsal.Refuse(400, "InsufficientFreeAddressesInSubnet", "The specified subnet does not have enough free addresses to satisfy the request.")
}

func describeNetworkInterfaces(r *request, in *ec2.DescribeNetworkInterfacesInput) (*ec2.DescribeNetworkInterfacesOutput, error) {
	found, err := allInterfaces(r, in.Filters...)
	return &ec2.DescribeNetworkInterfacesOutput{NetworkInterfaces: things(found)}, err
}

func attachNetworkInterface(r *request, in *ec2.AttachNetworkInterfaceInput) (*ec2.AttachNetworkInterfaceOutput, error) {
	face, err := getInterface(r, in.NetworkInterfaceId)
	if err != nil {
		return nil, err
	}
	i, err := instances().get(r, in.InstanceId)
	if err != nil {
		return nil, err
	}
	if err := attach(r, face, i.Thing, in.DeviceIndex, false); err != nil {
		return nil, err
	}
	if err := refreshMachineOf(r, face.Thing); err != nil {
		return nil, err
	}
	r.changed(face.Thing.NetworkInterfaceId, face.Thing.TagSet)
	return &ec2.AttachNetworkInterfaceOutput{AttachmentId: face.Thing.Attachment.AttachmentId}, nil
}

// attach puts an interface into an instance.
func attach(r *request, face *document[types.NetworkInterface], i types.Instance, index *int32, goesWithIt bool) error {
	if face.Thing.Attachment != nil {
		return rehearsal.Refuse(400, "InvalidNetworkInterface.InUse", "Interface %s in use.", aws.ToString(face.Thing.NetworkInterfaceId))
	}
	id, err := r.newID("eni-attach")
	if err != nil {
		return err
	}
	at := r.now
	face.Thing.Status = types.NetworkInterfaceStatusInUse
	face.Thing.Attachment = &types.NetworkInterfaceAttachment{
		AttachmentId: &id, InstanceId: i.InstanceId, DeviceIndex: index, AttachTime: &at,
		Status: types.AttachmentStatusAttached, DeleteOnTermination: &goesWithIt, InstanceOwnerId: aws.String(accountID),
	}
	return interfaces().put(r, face)
}

func detachNetworkInterface(r *request, in *ec2.DetachNetworkInterfaceInput) (*ec2.DetachNetworkInterfaceOutput, error) {
	found, err := allInterfaces(r, fact("attachment.attachment-id", in.AttachmentId))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, rehearsal.Refuse(400, "InvalidAttachmentID.NotFound", "The attachment '%s' does not exist.", aws.ToString(in.AttachmentId))
	}
	face := found[0]
	if aws.ToInt32(face.Thing.Attachment.DeviceIndex) == 0 {
		return nil, rehearsal.Refuse(400, "OperationNotPermitted", "The network interface at device index 0 cannot be detached.")
	}
	r.changed(face.Thing.NetworkInterfaceId, face.Thing.TagSet)
	owner := face.Thing
	if err := letGo(r, face); err != nil {
		return nil, err
	}
	return &ec2.DetachNetworkInterfaceOutput{}, refreshMachineOf(r, owner)
}

// letGo takes an interface out of its instance.
func letGo(r *request, face *document[types.NetworkInterface]) error {
	face.Thing.Attachment, face.Thing.Status = nil, types.NetworkInterfaceStatusAvailable
	return interfaces().put(r, face)
}

func deleteNetworkInterface(r *request, in *ec2.DeleteNetworkInterfaceInput) (*ec2.DeleteNetworkInterfaceOutput, error) {
	face, err := getInterface(r, in.NetworkInterfaceId)
	if err != nil {
		return nil, err
	}
	if face.Thing.Attachment != nil {
		return nil, rehearsal.Refuse(400, "InvalidParameterValue", "Network interface '%s' is currently in use.", aws.ToString(in.NetworkInterfaceId))
	}
	r.changed(face.Thing.NetworkInterfaceId, face.Thing.TagSet)
	return &ec2.DeleteNetworkInterfaceOutput{}, unplug(r, face)
}

// unplug removes an interface; an address on it stays with the account, or goes
// back to Amazon when it was none of the account's.
func unplug(r *request, face *document[types.NetworkInterface]) error {
	if association := face.Thing.Association; association != nil {
		if association.AllocationId == nil {
			if err := rehearsal.ReleaseAddress(r.Tx, aws.ToString(association.PublicIp)); err != nil {
				return err
			}
		} else if a, err := elasticIPs().look(r, *association.AllocationId); err != nil {
			return err
		} else if a != nil {
			if err := unbind(r, a); err != nil {
				return err
			}
		}
	}
	return interfaces().remove(r, face)
}

// hostName is the name that EC2 gives to a machine.
func hostName(privateIP string) string { return "ip-" + strings.ReplaceAll(privateIP, ".", "-") }
