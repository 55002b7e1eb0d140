package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// attachedState is the API's word for an attached gateway, which its enum lacks.
const attachedState types.AttachmentStatus = "available"

func internetGateways() shelf[types.InternetGateway] {
	return shelf[types.InternetGateway]{
		kind: "ec2.InternetGateway", prefix: "igw", missing: "InvalidInternetGatewayID.NotFound", idFilter: "internet-gateway-id",
		id:   func(g *types.InternetGateway) **string { return &g.InternetGatewayId },
		tags: func(g *types.InternetGateway) *[]types.Tag { return &g.Tags },
		state: func(g types.InternetGateway) string {
			if len(g.Attachments) > 0 {
				return "attached"
			}
			return "detached"
		},
		facts: func(g types.InternetGateway) map[string][]string {
			facts := map[string][]string{"attachment.vpc-id": nil, "attachment.state": nil}
			for _, attachment := range g.Attachments {
				facts["attachment.vpc-id"] = append(facts["attachment.vpc-id"], aws.ToString(attachment.VpcId))
				facts["attachment.state"] = append(facts["attachment.state"], string(attachment.State))
			}
			return facts
		},
	}
}

func createInternetGateway(r *request, in *ec2.CreateInternetGatewayInput) (*ec2.CreateInternetGatewayOutput, error) {
	tags := tagsFor(in.TagSpecifications, types.ResourceTypeInternetGateway)
	added, err := internetGateways().add(r, types.InternetGateway{OwnerId: aws.String(accountID)}, tags, 0)
	if err != nil {
		return nil, err
	}
	r.changed(added.Thing.InternetGatewayId, tags)
	return &ec2.CreateInternetGatewayOutput{InternetGateway: &added.Thing}, nil
}

func describeInternetGateways(r *request, in *ec2.DescribeInternetGatewaysInput) (*ec2.DescribeInternetGatewaysOutput, error) {
	found, err := internetGateways().all(r, in.Filters...)
	return &ec2.DescribeInternetGatewaysOutput{InternetGateways: things(found)}, err
}

func attachInternetGateway(r *request, in *ec2.AttachInternetGatewayInput) (*ec2.AttachInternetGatewayOutput, error) {
	g, err := internetGateways().get(r, in.InternetGatewayId)
	if err != nil {
		return nil, err
	}
	v, err := vpcs().get(r, in.VpcId)
	if err != nil {
		return nil, err
	}
	if len(g.Thing.Attachments) > 0 {
		return nil, rehearsal.Refuse(400, "Resource.AlreadyAssociated", "resource %s is already attached to network %s",
			aws.ToString(in.InternetGatewayId), aws.ToString(g.Thing.Attachments[0].VpcId))
	}
	others, err := internetGateways().all(r, fact("attachment.vpc-id", in.VpcId))
	if err != nil {
		return nil, err
	}
	if len(others) > 0 {
		return nil, rehearsal.Refuse(400, "InvalidParameterValue", "Network %s already has an internet gateway attached", aws.ToString(in.VpcId))
	}
	g.Thing.Attachments = []types.InternetGatewayAttachment{{State: attachedState, VpcId: v.Thing.VpcId}}
	r.changed(g.Thing.InternetGatewayId, g.Thing.Tags)
	return &ec2.AttachInternetGatewayOutput{}, internetGateways().put(r, g)
}

func detachInternetGateway(r *request, in *ec2.DetachInternetGatewayInput) (*ec2.DetachInternetGatewayOutput, error) {
	g, err := internetGateways().get(r, in.InternetGatewayId)
	if err != nil {
		return nil, err
	}
	if len(g.Thing.Attachments) == 0 || aws.ToString(g.Thing.Attachments[0].VpcId) != aws.ToString(in.VpcId) {
		return nil, rehearsal.Refuse(400, "Gateway.NotAttached", "resource %s is not attached to network %s",
			aws.ToString(in.InternetGatewayId), aws.ToString(in.VpcId))
	}
	faces, err := allInterfaces(r, fact("vpc-id", in.VpcId))
	if err != nil {
		return nil, err
	}
	for _, face := range faces {
		if face.Thing.Association != nil {
			return nil, rehearsal.Refuse(400, "DependencyViolation",
				"Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.", aws.ToString(in.VpcId))
		}
	}
	g.Thing.Attachments = nil
	r.changed(g.Thing.InternetGatewayId, g.Thing.Tags)
	return &ec2.DetachInternetGatewayOutput{}, internetGateways().put(r, g)
}

func deleteInternetGateway(r *request, in *ec2.DeleteInternetGatewayInput) (*ec2.DeleteInternetGatewayOutput, error) {
	g, err := internetGateways().get(r, in.InternetGatewayId)
	if err != nil {
		return nil, err
	}
	if len(g.Thing.Attachments) > 0 {
		return nil, rehearsal.Refuse(400, "DependencyViolation", "The internetGateway '%s' has dependencies and cannot be deleted.", aws.ToString(in.InternetGatewayId))
	}
	r.changed(g.Thing.InternetGatewayId, g.Thing.Tags)
	return &ec2.DeleteInternetGatewayOutput{}, internetGateways().remove(r, g)
}

// gatewayOf returns the gateway attached to a VPC, or nil.
func gatewayOf(r *request, vpcID *string) (*document[types.InternetGateway], error) {
	found, err := internetGateways().all(r, fact("attachment.vpc-id", vpcID))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}
