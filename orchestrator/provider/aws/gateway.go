package aws

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

func internetGateway(c *client) thing[types.InternetGateway] {
	return thing[types.InternetGateway]{
		noun: "Internet gateway",
		find: byID("internet-gateway-id"),
		list: func(ctx context.Context, filters []types.Filter) ([]types.InternetGateway, error) {
			return everyPage(func(token *string) ([]types.InternetGateway, *string, error) {
				out, err := c.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{Filters: filters, NextToken: token})
				if err != nil {
					return nil, nil, err
				}
				return out.InternetGateways, out.NextToken, nil
			})
		},
		tags:  func(g types.InternetGateway) []types.Tag { return g.Tags },
		names: func(g types.InternetGateway) map[string]orchestrator.Value { return named(g.InternetGatewayId) },
		create: func(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
			input, err := inputOf[ec2.CreateInternetGatewayInput](parameters(call))
			if err != nil {
				return nil, err
			}
			addTags(&input.TagSpecifications, call, types.ResourceTypeInternetGateway)
			out, err := c.CreateInternetGateway(ctx, input, c.tagged)
			if err != nil {
				return nil, err
			}
			return named(out.InternetGateway.InternetGatewayId), nil
		},
		remove: func(ctx context.Context, _ *provider.Call, id string) error {
			_, err := c.DeleteInternetGateway(ctx, &ec2.DeleteInternetGatewayInput{InternetGatewayId: &id})
			return except(err, "InvalidInternetGatewayID.NotFound")
		},
	}
}

// gatewayAttachment binds the gateway to the VPC that the node is connected to.
func gatewayAttachment(c *client) resource.Resource {
	gateways := internetGateway(c)
	return link{
		observe: func(ctx context.Context, call *provider.Call) (resource.Observation, error) {
			gateway, id, ok, err := gateways.get(ctx, call)
			if err != nil || !ok {
				return resource.Observation{Name: gateways.called(call, id)}, err
			}
			return observeAttachment(gateway, relatedID(call, typeVpc)), nil
		},
		create: func(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
			if relatedID(call, typeVpc) == "" {
				return nil, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "%s is connected to no VPC; give it a relationship to one", call.Self.NodeID))
			}
			_, err := c.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{
				InternetGatewayId: aws.String(instanceID(call.Self)), VpcId: aws.String(relatedID(call, typeVpc)),
			})
			return nil, except(err, "Resource.AlreadyAssociated")
		},
		remove: func(ctx context.Context, call *provider.Call) error {
			_, err := c.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{
				InternetGatewayId: aws.String(instanceID(call.Self)), VpcId: aws.String(relatedID(call, typeVpc)),
			})
			return except(err, "Gateway.NotAttached", "InvalidInternetGatewayID.NotFound", "InvalidVpcID.NotFound")
		},
	}
}

// observeAttachment looks for the attachment to the VPC; one to another VPC is
// somebody else's doing.
func observeAttachment(gateway types.InternetGateway, vpcID string) resource.Observation {
	seen := resource.Observation{Name: fmt.Sprintf("attachment of Internet gateway %s to VPC %s", aws.ToString(gateway.InternetGatewayId), vpcID)}
	for _, attachment := range gateway.Attachments {
		if aws.ToString(attachment.VpcId) != vpcID {
			continue
		}
		// The API says "available" for an attached gateway, a word that its own
		// enum lacks.
		seen.State = "is " + string(attachment.State)
		switch attachment.State {
		case "available", types.AttachmentStatusAttached:
			seen.Exists = true
		case types.AttachmentStatusAttaching:
			seen.Exists, seen.Phase = true, resource.Pending
		case types.AttachmentStatusDetaching:
			seen.Exists, seen.Phase = true, resource.Deleting
		}
	}
	return seen
}
