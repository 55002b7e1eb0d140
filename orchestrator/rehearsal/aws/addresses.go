package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

func elasticIPs() shelf[types.Address] {
	return shelf[types.Address]{
		kind: "ec2.ElasticIP", prefix: "eipalloc", missing: "InvalidAllocationID.NotFound", idFilter: "allocation-id",
		id:   func(a *types.Address) **string { return &a.AllocationId },
		tags: func(a *types.Address) *[]types.Tag { return &a.Tags },
		state: func(a types.Address) string {
			if a.AssociationId != nil {
				return "associated"
			}
			return "allocated"
		},
		facts: func(a types.Address) map[string][]string {
			return map[string][]string{
				"public-ip": {aws.ToString(a.PublicIp)}, "association-id": {aws.ToString(a.AssociationId)},
				"network-interface-id": {aws.ToString(a.NetworkInterfaceId)}, "instance-id": {aws.ToString(a.InstanceId)},
			}
		},
	}
}

func allocateAddress(r *request, in *ec2.AllocateAddressInput) (*ec2.AllocateAddressOutput, error) {
	if in.Domain == types.DomainTypeStandard {
		return nil, rehearsal.Refuse(400, "UnsupportedOperation", "EC2-Classic addresses are no longer available.")
	}
	address, err := rehearsal.NewAddress(r.Tx)
	if err != nil {
		return nil, err
	}
	tags := tagsFor(in.TagSpecifications, types.ResourceTypeElasticIp)
	added, err := elasticIPs().add(r, types.Address{
		PublicIp: &address, Domain: types.DomainTypeVpc, NetworkBorderGroup: aws.String(r.region), PublicIpv4Pool: aws.String("amazon"),
	}, tags, 0)
	if err != nil {
		return nil, err
	}
	r.changed(added.Thing.AllocationId, tags)
	return &ec2.AllocateAddressOutput{AllocationId: added.Thing.AllocationId, PublicIp: &address, Domain: types.DomainTypeVpc}, nil
}

// describeAddresses fills in the instance, which the interface knows.
func describeAddresses(r *request, in *ec2.DescribeAddressesInput) (*ec2.DescribeAddressesOutput, error) {
	found, err := elasticIPs().all(r, in.Filters...)
	if err != nil {
		return nil, err
	}
	for _, a := range found {
		if a.Thing.NetworkInterfaceId == nil {
			continue
		}
		face, err := getInterface(r, a.Thing.NetworkInterfaceId)
		if err != nil {
			return nil, err
		}
		if face.Thing.Attachment != nil {
			a.Thing.InstanceId = face.Thing.Attachment.InstanceId
		}
	}
	return &ec2.DescribeAddressesOutput{Addresses: things(found)}, nil
}

func associateAddress(r *request, in *ec2.AssociateAddressInput) (*ec2.AssociateAddressOutput, error) {
	a, err := elasticIPs().get(r, in.AllocationId)
	if err != nil {
		return nil, err
	}
	face, err := partner(r, in)
	if err != nil {
		return nil, err
	}
	switch {
	case a.Thing.AssociationId != nil && aws.ToString(a.Thing.NetworkInterfaceId) == aws.ToString(face.Thing.NetworkInterfaceId):
		return &ec2.AssociateAddressOutput{AssociationId: a.Thing.AssociationId}, nil // asked again, answered again
	case a.Thing.AssociationId != nil && !aws.ToBool(in.AllowReassociation):
		return nil, rehearsal.Refuse(400, "Resource.AlreadyAssociated", "resource %s is already associated with associate-id %s",
			aws.ToString(in.AllocationId), aws.ToString(a.Thing.AssociationId))
	case a.Thing.AssociationId != nil || face.Thing.Association != nil:
		return nil, rehearsal.Refuse(400, "Resource.AlreadyAssociated", "resource %s is already associated; the rehearsal does not move addresses",
			aws.ToString(face.Thing.NetworkInterfaceId))
	}
	gateway, err := gatewayOf(r, face.Thing.VpcId)
	if err != nil {
		return nil, err
	}
	if gateway == nil {
		return nil, rehearsal.Refuse(400, "Gateway.NotAttached", "Network %s is not attached to any internet gateway", aws.ToString(face.Thing.VpcId))
	}
	id, err := r.newID("eipassoc")
	if err != nil {
		return nil, err
	}
	a.Thing.AssociationId, a.Thing.NetworkInterfaceId, a.Thing.PrivateIpAddress = &id, face.Thing.NetworkInterfaceId, face.Thing.PrivateIpAddress
	face.Thing.Association = &types.NetworkInterfaceAssociation{AssociationId: &id, AllocationId: a.Thing.AllocationId, PublicIp: a.Thing.PublicIp}
	if err := interfaces().put(r, face); err != nil {
		return nil, err
	}
	if err := refreshMachineOf(r, face.Thing); err != nil {
		return nil, err
	}
	r.changed(a.Thing.AllocationId, a.Thing.Tags)
	return &ec2.AssociateAddressOutput{AssociationId: &id}, elasticIPs().put(r, a)
}

// partner is the interface that an address is to be associated with: the one
// named, or the first of the instance named.
func partner(r *request, in *ec2.AssociateAddressInput) (*document[types.NetworkInterface], error) {
	if in.NetworkInterfaceId != nil {
		return getInterface(r, in.NetworkInterfaceId)
	}
	i, err := instances().get(r, in.InstanceId)
	if err != nil {
		return nil, err
	}
	faces, err := interfacesOf(r, i.Thing.InstanceId)
	if err != nil {
		return nil, err
	}
	if i.Thing.State.Name == types.InstanceStateNamePending || len(faces) == 0 {
		return nil, rehearsal.Refuse(400, "InvalidInstanceID", "The pending instance '%s' is not in a valid state for this operation.", aws.ToString(in.InstanceId))
	}
	return faces[0], nil
}

func disassociateAddress(r *request, in *ec2.DisassociateAddressInput) (*ec2.DisassociateAddressOutput, error) {
	found, err := elasticIPs().all(r, fact("association-id", in.AssociationId))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 || aws.ToString(in.AssociationId) == "" {
		return nil, rehearsal.Refuse(400, "InvalidAssociationID.NotFound", "The association ID '%s' does not exist", aws.ToString(in.AssociationId))
	}
	a := found[0]
	r.changed(a.Thing.AllocationId, a.Thing.Tags)
	return &ec2.DisassociateAddressOutput{}, unbind(r, a)
}

// unbind takes an address off its interface.
func unbind(r *request, a *document[types.Address]) error {
	face, err := interfaces().look(r, aws.ToString(a.Thing.NetworkInterfaceId))
	if err != nil {
		return err
	}
	a.Thing.AssociationId, a.Thing.NetworkInterfaceId, a.Thing.PrivateIpAddress = nil, nil, nil
	if err := elasticIPs().put(r, a); err != nil || face == nil {
		return err
	}
	face.Thing.Association = nil
	if err := interfaces().put(r, face); err != nil {
		return err
	}
	return refreshMachineOf(r, face.Thing)
}

func releaseAddress(r *request, in *ec2.ReleaseAddressInput) (*ec2.ReleaseAddressOutput, error) {
	a, err := elasticIPs().get(r, in.AllocationId)
	if err != nil {
		return nil, err
	}
	if a.Thing.AssociationId != nil {
		return nil, rehearsal.Refuse(400, "InvalidIPAddress.InUse", "Address %s is in use.", aws.ToString(a.Thing.PublicIp))
	}
	if err := rehearsal.ReleaseAddress(r.Tx, aws.ToString(a.Thing.PublicIp)); err != nil {
		return nil, err
	}
	r.changed(a.Thing.AllocationId, a.Thing.Tags)
	return &ec2.ReleaseAddressOutput{}, elasticIPs().remove(r, a)
}
