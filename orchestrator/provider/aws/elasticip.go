package aws

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

// elasticIP names an address by its allocation id; aws_resource_id is the
// public address itself, because that is what blueprints publish.
func elasticIP(c *client) thing[types.Address] {
	return thing[types.Address]{
		noun: "Elastic IP",
		find: findAddress,
		list: func(ctx context.Context, filters []types.Filter) ([]types.Address, error) {
			out, err := c.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{Filters: filters})
			if err != nil {
				return nil, err
			}
			return out.Addresses, nil
		},
		tags: func(a types.Address) []types.Tag { return a.Tags },
		names: func(a types.Address) map[string]orchestrator.Value {
			return map[string]orchestrator.Value{idKey: aws.ToString(a.PublicIp), allocationIDKey: aws.ToString(a.AllocationId)}
		},
		create: c.allocateAddress,
		remove: func(ctx context.Context, _ *provider.Call, id string) error {
			_, err := c.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &id})
			if code(err) == "AuthFailure" {
				// The answer while the address is still held by something that
				// is about to go; with wrong credentials no look would succeed.
				return provider.RetryAfter(err, 15*time.Second)
			}
			return except(err, "InvalidAllocationID.NotFound", "InvalidAddress.NotFound")
		},
	}
}

func findAddress(call *provider.Call) (id, filterName string) {
	if id := provider.Text(call.Self.Runtime[allocationIDKey]); id != "" {
		return id, "allocation-id"
	}
	id = instanceID(call.Self)
	if strings.HasPrefix(id, "eipalloc-") {
		return id, "allocation-id"
	}
	return id, "public-ip"
}

func (c *client) allocateAddress(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
	if provider.IsTrue(call.Self.Properties["use_unassociated_addresses"]) {
		return nil, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid,
			"use_unassociated_addresses would take an address that somebody else may be about to use, so it is not done; name the address with use_external_resource and resource_id"))
	}
	input, err := inputOf[ec2.AllocateAddressInput](parameters(call))
	if err != nil {
		return nil, err
	}
	addTags(&input.TagSpecifications, call, types.ResourceTypeElasticIp)
	out, err := c.AllocateAddress(ctx, input, c.tagged)
	if err != nil {
		return nil, err
	}
	return map[string]orchestrator.Value{idKey: aws.ToString(out.PublicIp), allocationIDKey: aws.ToString(out.AllocationId)}, nil
}

// noPartner is the reason to do nothing for an address that is connected to
// neither an interface nor an instance: a NAT gateway takes it by itself.
func noPartner(call *provider.Call) string {
	if relatedID(call, typeInterface) == "" && relatedID(call, typeInstances) == "" {
		return "the address is connected to no interface and no instance"
	}
	return ""
}

// addressAssociation binds the address to the interface (or instance) that the
// node is connected to.
func addressAssociation(c *client) resource.Resource {
	addresses := elasticIP(c)
	return link{
		observe: func(ctx context.Context, call *provider.Call) (resource.Observation, error) {
			address, id, ok, err := addresses.get(ctx, call)
			seen := resource.Observation{Name: "association of Elastic IP " + id}
			if err != nil || !ok {
				return seen, err
			}
			if isAssociated(address, relatedID(call, typeInterface), relatedID(call, typeInstances)) {
				seen.Exists = true
				seen.Set = map[string]orchestrator.Value{associationIDKey: aws.ToString(address.AssociationId)}
			}
			return seen, nil
		},
		create: func(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
			id := provider.Text(call.Self.Runtime[allocationIDKey])
			input := &ec2.AssociateAddressInput{AllocationId: &id, AllowReassociation: aws.Bool(false)}
			if partner := relatedID(call, typeInterface); partner != "" {
				input.NetworkInterfaceId = &partner
			} else {
				input.InstanceId = aws.String(relatedID(call, typeInstances))
			}
			out, err := c.AssociateAddress(ctx, input)
			if err != nil {
				return nil, err
			}
			return map[string]orchestrator.Value{associationIDKey: aws.ToString(out.AssociationId)}, nil
		},
		remove: func(ctx context.Context, call *provider.Call) error {
			address, _, ok, err := addresses.get(ctx, call)
			if err != nil || !ok || address.AssociationId == nil {
				return err
			}
			_, err = c.DisassociateAddress(ctx, &ec2.DisassociateAddressInput{AssociationId: address.AssociationId})
			return except(err, "InvalidAssociationID.NotFound")
		},
	}
}

func isAssociated(address types.Address, interfaceID, instanceID string) bool {
	if address.AssociationId == nil {
		return false
	}
	if interfaceID != "" {
		return aws.ToString(address.NetworkInterfaceId) == interfaceID
	}
	return aws.ToString(address.InstanceId) == instanceID
}
