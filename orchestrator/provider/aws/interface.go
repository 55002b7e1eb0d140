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

func networkInterface(c *client) thing[types.NetworkInterface] {
	return thing[types.NetworkInterface]{
		noun: "network interface",
		find: byID("network-interface-id"),
		list: func(ctx context.Context, filters []types.Filter) ([]types.NetworkInterface, error) {
			return everyPage(func(token *string) ([]types.NetworkInterface, *string, error) {
				out, err := c.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: filters, NextToken: token})
				if err != nil {
					return nil, nil, err
				}
				return out.NetworkInterfaces, out.NextToken, nil
			})
		},
		tags:  func(i types.NetworkInterface) []types.Tag { return i.TagSet },
		names: func(i types.NetworkInterface) map[string]orchestrator.Value { return named(i.NetworkInterfaceId) },
		look: func(i types.NetworkInterface) (resource.Phase, string) {
			switch i.Status {
			case types.NetworkInterfaceStatusAvailable, types.NetworkInterfaceStatusInUse, types.NetworkInterfaceStatusAssociated:
				return resource.Ready, string(i.Status)
			default:
				return resource.Pending, string(i.Status)
			}
		},
		more:   deviceIndex,
		create: c.createNetworkInterface,
		remove: func(ctx context.Context, _ *provider.Call, id string) error {
			_, err := c.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: &id})
			return except(err, "InvalidNetworkInterfaceID.NotFound")
		},
	}
}

// deviceIndex keeps the place that the interface is to take in its instance;
// null lets the instance choose.
func deviceIndex(_ context.Context, call *provider.Call, _ types.NetworkInterface) (map[string]orchestrator.Value, error) {
	return map[string]orchestrator.Value{deviceIndexKey: call.Self.Runtime[deviceIndexKey]}, nil
}

func (c *client) createNetworkInterface(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
	config := parameters(call)
	setDefault(config, "SubnetId", relatedID(call, typeSubnet))
	if _, given := lookupFirstLetterFree(config, "Groups"); !given {
		if groups := relatedIDs(call, typeSecurityGroup); len(groups) > 0 {
			config["Groups"] = groups
		}
	}
	input, err := inputOf[ec2.CreateNetworkInterfaceInput](config)
	if err != nil {
		return nil, err
	}
	input.ClientToken = aws.String(call.ClientToken("network-interface"))
	addTags(&input.TagSpecifications, call, types.ResourceTypeNetworkInterface)
	out, err := c.CreateNetworkInterface(ctx, input)
	if err != nil {
		return nil, err
	}
	return named(out.NetworkInterface.NetworkInterfaceId), nil
}

// noInstance is the reason to do nothing for an interface that no operation
// input binds to an instance: the instance takes it when it is launched.
func noInstance(call *provider.Call) string {
	if provider.Text(flatten(call.Inputs[configKey])["InstanceId"]) == "" && provider.Text(call.Self.Runtime[attachmentIDKey]) == "" {
		return "the operation names no instance"
	}
	return ""
}

// interfaceAttachment binds the interface to the instance that the operation
// names.
func interfaceAttachment(c *client) resource.Resource {
	interfaces := networkInterface(c)
	return link{
		observe: func(ctx context.Context, call *provider.Call) (resource.Observation, error) {
			found, id, ok, err := interfaces.get(ctx, call)
			seen := resource.Observation{Name: "attachment of network interface " + id}
			if err != nil || !ok || found.Attachment == nil {
				return seen, err
			}
			seen.Exists = true
			seen.State = "is " + string(found.Attachment.Status)
			switch found.Attachment.Status {
			case types.AttachmentStatusAttaching:
				seen.Phase = resource.Pending
			case types.AttachmentStatusDetaching:
				seen.Phase = resource.Deleting
			case types.AttachmentStatusDetached:
				seen.Exists = false
			}
			seen.Set = map[string]orchestrator.Value{attachmentIDKey: aws.ToString(found.Attachment.AttachmentId)}
			return seen, nil
		},
		create: func(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
			input, err := inputOf[ec2.AttachNetworkInterfaceInput](flatten(call.Inputs[configKey]))
			if err != nil {
				return nil, err
			}
			input.NetworkInterfaceId = aws.String(instanceID(call.Self))
			if input.DeviceIndex == nil {
				return nil, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, "resource_config of %s has no DeviceIndex", call.Operation))
			}
			out, err := c.AttachNetworkInterface(ctx, input)
			if err != nil {
				return nil, err
			}
			return map[string]orchestrator.Value{attachmentIDKey: aws.ToString(out.AttachmentId)}, nil
		},
		remove: func(ctx context.Context, call *provider.Call) error {
			found, id, ok, err := interfaces.get(ctx, call)
			if err != nil {
				return fmt.Errorf("look at network interface %s: %w", id, err)
			}
			if !ok || found.Attachment == nil {
				return nil
			}
			_, err = c.DetachNetworkInterface(ctx, &ec2.DetachNetworkInterfaceInput{AttachmentId: found.Attachment.AttachmentId})
			return except(err, "InvalidAttachmentID.NotFound")
		},
	}
}
