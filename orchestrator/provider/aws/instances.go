package aws

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

func instance(c *client) thing[types.Instance] {
	return thing[types.Instance]{
		noun: "instance",
		find: byID("instance-id"),
		list: func(ctx context.Context, filters []types.Filter) ([]types.Instance, error) {
			return everyPage(func(token *string) (instances []types.Instance, next *string, err error) {
				out, err := c.DescribeInstances(ctx, &ec2.DescribeInstancesInput{Filters: filters, NextToken: token})
				if err != nil {
					return nil, nil, err
				}
				for _, reservation := range out.Reservations {
					instances = append(instances, reservation.Instances...)
				}
				return instances, out.NextToken, nil
			})
		},
		tags: func(i types.Instance) []types.Tag { return i.Tags },
		names: func(i types.Instance) map[string]orchestrator.Value {
			id := aws.ToString(i.InstanceId)
			return map[string]orchestrator.Value{idKey: id, "aws_resource_ids": []orchestrator.Value{id}}
		},
		look:   lookAtInstance,
		more:   instanceAddresses,
		create: c.runInstance,
		remove: func(ctx context.Context, _ *provider.Call, id string) error {
			_, err := c.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
			return except(err, "InvalidInstanceID.NotFound")
		},
	}
}

func lookAtInstance(i types.Instance) (resource.Phase, string) {
	if i.State == nil {
		return resource.Pending, "in an unknown state"
	}
	word := string(i.State.Name)
	if i.StateReason != nil && i.StateReason.Message != nil {
		word += " (" + *i.StateReason.Message + ")"
	}
	switch i.State.Name {
	case types.InstanceStateNameRunning, types.InstanceStateNameStopped:
		return resource.Ready, word
	case types.InstanceStateNameShuttingDown:
		return resource.Deleting, word
	case types.InstanceStateNameTerminated:
		return resource.Ended, word
	default:
		return resource.Pending, word
	}
}

// runInstance launches one machine. The image may be "resolve:ssm:<parameter>":
// EC2 resolves that itself, and a repeated request with the same client token
// stays the same request even when the parameter meanwhile names a newer image.
func (c *client) runInstance(ctx context.Context, call *provider.Call) (map[string]orchestrator.Value, error) {
	config := parameters(call)
	connectInstance(call, config)
	input, err := inputOf[ec2.RunInstancesInput](config)
	if err != nil {
		return nil, err
	}
	one := int32(1)
	for _, count := range []**int32{&input.MinCount, &input.MaxCount} {
		if *count == nil {
			*count = &one
		}
		if **count != 1 {
			return nil, provider.Fatal(orchestrator.Errorf(orchestrator.Invalid,
				"MinCount and MaxCount of %s must be 1; for more machines give the node more instances (capabilities.scalable)", call.Self.NodeID))
		}
	}
	input.UserData = encodeUserData(input.UserData)
	input.ClientToken = aws.String(call.ClientToken("instance"))
	addTags(&input.TagSpecifications, call, types.ResourceTypeInstance, types.ResourceTypeVolume)
	out, err := c.RunInstances(ctx, input)
	if err != nil {
		return nil, err
	}
	return named(out.Instances[0].InstanceId), nil
}

// connectInstance fills in what relationships say. Interfaces of their own bring
// subnet and groups with them; EC2 refuses both at once.
func connectInstance(call *provider.Call, config map[string]orchestrator.Value) {
	if _, given := lookupFirstLetterFree(config, "NetworkInterfaces"); given {
		return
	}
	if interfaces := related(call, typeInterface); len(interfaces) > 0 {
		config["NetworkInterfaces"] = interfaceSpecifications(interfaces)
		return
	}
	setDefault(config, "SubnetId", relatedID(call, typeSubnet))
	if _, given := lookupFirstLetterFree(config, "SecurityGroupIds"); !given {
		if groups := relatedIDs(call, typeSecurityGroup); len(groups) > 0 {
			config["SecurityGroupIds"] = groups
		}
	}
}

// interfaceSpecifications gives every interface a device index: its own where it
// has one, else the lowest that is free.
func interfaceSpecifications(interfaces []*provider.Instance) []orchestrator.Value {
	taken := map[int64]bool{}
	for _, one := range interfaces {
		if index, ok := one.Get(deviceIndexKey).(int64); ok {
			taken[index] = true
		}
	}
	var next int64
	var specifications []orchestrator.Value
	for _, one := range interfaces {
		index, ok := one.Get(deviceIndexKey).(int64)
		if !ok {
			for taken[next] {
				next++
			}
			index, taken[next] = next, true
		}
		specifications = append(specifications, map[string]orchestrator.Value{
			"NetworkInterfaceId": instanceID(one), "DeviceIndex": index,
		})
	}
	slices.SortFunc(specifications, func(a, b orchestrator.Value) int {
		return int(table(a)["DeviceIndex"].(int64) - table(b)["DeviceIndex"].(int64))
	})
	return specifications
}

// instanceAddresses are the runtime properties by which others reach the machine.
func instanceAddresses(_ context.Context, call *provider.Call, i types.Instance) (map[string]orchestrator.Value, error) {
	private, public := aws.ToString(i.PrivateIpAddress), aws.ToString(i.PublicIpAddress)
	v4, v6 := []orchestrator.Value{}, []orchestrator.Value{}
	for _, face := range i.NetworkInterfaces {
		for _, address := range face.PrivateIpAddresses {
			v4 = append(v4, aws.ToString(address.PrivateIpAddress))
		}
		for _, address := range face.Ipv6Addresses {
			v6 = append(v6, aws.ToString(address.Ipv6Address))
		}
	}
	set := map[string]orchestrator.Value{
		"ip": private, "private_ip_address": private, "public_ip_address": public,
		"ipv4_address": private, "ipv4_addresses": v4, "ipv6_address": first(v6), "ipv6_addresses": v6,
	}
	switch {
	case provider.IsTrue(call.Self.Properties["use_public_ip"]) && public != "":
		set["ip"] = public
	case provider.IsTrue(call.Self.Properties["use_ipv6_ip"]) && len(v6) > 0:
		set["ip"] = v6[0]
	}
	return set, nil
}

func first(values []orchestrator.Value) orchestrator.Value {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// startedInstance is the instance for "start": it is to run.
func startedInstance(c *client) resource.Resource {
	instances := instance(c)
	instances.stale = func(i types.Instance) bool { return i.State.Name == types.InstanceStateNameStopped }
	instances.update = func(ctx context.Context, _ *provider.Call, i types.Instance) error {
		if !instances.stale(i) {
			return nil
		}
		_, err := c.StartInstances(ctx, &ec2.StartInstancesInput{InstanceIds: []string{aws.ToString(i.InstanceId)}})
		return err
	}
	return instances
}

// stoppedInstance is the instance for "stop": it is to stand still.
func stoppedInstance(c *client) resource.Resource {
	instances := instance(c)
	instances.stale = func(i types.Instance) bool { return i.State.Name == types.InstanceStateNameRunning }
	instances.update = func(ctx context.Context, _ *provider.Call, i types.Instance) error {
		if !instances.stale(i) {
			return nil
		}
		_, err := c.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: []string{aws.ToString(i.InstanceId)}})
		return err
	}
	return instances
}

// willBeTerminated is the reason not to stop what the same workflow is about to
// terminate: it would double the time of an uninstall.
func willBeTerminated(call *provider.Call) string {
	if call.Execution.Workflow == "uninstall" {
		return "not stopped first: the uninstall terminates the instance"
	}
	return ""
}
