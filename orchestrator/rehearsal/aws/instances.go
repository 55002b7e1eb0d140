package aws

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// How long a machine takes from one state to the next.
const (
	launchLasts    = 20 * time.Second
	bootLasts      = 10 * time.Second // from running until sshd answers
	stopLasts      = 15 * time.Second
	terminateLasts = 20 * time.Second
	memoryLasts    = time.Hour // how long a terminated instance is still described
)

func instances() shelf[types.Instance] {
	return shelf[types.Instance]{
		kind: "ec2.Instance", prefix: "i", missing: "InvalidInstanceID.NotFound", idFilter: "instance-id",
		id:     func(i *types.Instance) **string { return &i.InstanceId },
		tags:   func(i *types.Instance) *[]types.Tag { return &i.Tags },
		state:  func(i types.Instance) string { return string(stateOf(i)) },
		listed: func(i types.Instance) bool { return stateOf(i) != types.InstanceStateNameTerminated },
		next:   nextState,
		facts: func(i types.Instance) map[string][]string {
			return map[string][]string{
				"instance-state-name": {string(stateOf(i))}, "vpc-id": {aws.ToString(i.VpcId)}, "subnet-id": {aws.ToString(i.SubnetId)},
				"image-id": {aws.ToString(i.ImageId)}, "instance-type": {string(i.InstanceType)}, "client-token": {aws.ToString(i.ClientToken)},
			}
		},
	}
}

// inState is a state with the number that goes with its name.
func inState(name types.InstanceStateName) *types.InstanceState {
	codes := map[types.InstanceStateName]int32{
		types.InstanceStateNamePending: 0, types.InstanceStateNameRunning: 16, types.InstanceStateNameShuttingDown: 32,
		types.InstanceStateNameTerminated: 48, types.InstanceStateNameStopping: 64, types.InstanceStateNameStopped: 80,
	}
	return &types.InstanceState{Name: name, Code: aws.Int32(codes[name])}
}

// stateOf is the state of an instance, "" before it has one.
func stateOf(i types.Instance) types.InstanceStateName {
	if i.State == nil {
		return ""
	}
	return i.State.Name
}

// nextState makes the change that was due. A terminated instance is remembered
// for a while, as the real cloud does.
func nextState(r *request, d *document[types.Instance]) (remembered bool, err error) {
	switch d.Thing.State.Name {
	case types.InstanceStateNamePending:
		d.Thing.State = inState(types.InstanceStateNameRunning)
	case types.InstanceStateNameStopping:
		d.Thing.State = inState(types.InstanceStateNameStopped)
	case types.InstanceStateNameShuttingDown:
		d.Thing.State = inState(types.InstanceStateNameTerminated)
		d.NextAt = r.world.After(memoryLasts)
		return true, releaseInterfaces(r, d.Thing.InstanceId)
	case types.InstanceStateNameTerminated:
		return false, nil
	}
	return true, nil
}

// releaseInterfaces frees what a terminated instance held.
func releaseInterfaces(r *request, instanceID *string) error {
	faces, err := interfacesOf(r, instanceID)
	if err != nil {
		return err
	}
	for _, face := range faces {
		goesWithIt := aws.ToBool(face.Thing.Attachment.DeleteOnTermination)
		if err := letGo(r, face); err != nil {
			return err
		}
		if goesWithIt {
			if err := unplug(r, face); err != nil {
				return err
			}
		}
	}
	return nil
}

func runInstances(r *request, in *ec2.RunInstancesInput) (*ec2.RunInstancesOutput, error) {
	earlier, err := byToken(r, instances(), in.ClientToken, in)
	if err != nil {
		return nil, err
	}
	if earlier != nil {
		r.repeated(earlier.Thing.InstanceId, earlier.Thing.Tags)
		return &ec2.RunInstancesOutput{Instances: []types.Instance{earlier.Thing}}, nil
	}
	if err := checkLaunch(in); err != nil {
		return nil, err
	}
	userData, err := base64.StdEncoding.DecodeString(aws.ToString(in.UserData))
	if err != nil {
		return nil, rehearsal.Refuse(400, "InvalidUserData.Malformed", "Invalid BASE64 encoding of user data")
	}
	tags := tagsFor(in.TagSpecifications, types.ResourceTypeInstance)
	at := r.now
	added, err := instances().add(r, types.Instance{
		ImageId: aws.String(resolveImage(aws.ToString(in.ImageId))), InstanceType: in.InstanceType, KeyName: in.KeyName, ClientToken: in.ClientToken,
		State: inState(types.InstanceStateNamePending), LaunchTime: &at, AmiLaunchIndex: aws.Int32(0), Architecture: types.ArchitectureValuesX8664,
	}, tags, launchLasts)
	if err != nil {
		return nil, err
	}
	if err := plugIn(r, added, in); err != nil {
		return nil, err
	}
	if err := keepToken(r, instances(), added, in.ClientToken, in); err != nil {
		return nil, err
	}
	if err := makeMachine(r, added.Thing, string(userData)); err != nil {
		return nil, err
	}
	r.changed(added.Thing.InstanceId, tags)
	return &ec2.RunInstancesOutput{Instances: []types.Instance{added.Thing}, OwnerId: aws.String(accountID)}, nil
}

var (
	imageID      = regexp.MustCompile(`^ami-([0-9a-f]{8}|[0-9a-f]{17})$`)
	publicImages = regexp.MustCompile(`^resolve:ssm:/aws/service/[a-zA-Z0-9/._-]+$`)
)

// checkLaunch makes the checks that need no look at the world. The rehearsed
// account has every image and every key pair: which ones the real account has,
// nobody here can know.
func checkLaunch(in *ec2.RunInstancesInput) error {
	image := aws.ToString(in.ImageId)
	switch {
	case image == "" && in.LaunchTemplate == nil:
		return rehearsal.Refuse(400, "MissingParameter", "The request must contain the parameter ImageId")
	case in.LaunchTemplate != nil:
		return rehearsal.Refuse(400, "Rehearsal.UnknownParameter", "the rehearsal has no launch templates")
	case !imageID.MatchString(image) && !publicImages.MatchString(image):
		return rehearsal.Refuse(400, "InvalidAMIID.Malformed", "Invalid id: \"%s\" (expecting \"ami-...\")", image)
	case aws.ToInt32(in.MinCount) != 1 || aws.ToInt32(in.MaxCount) != 1:
		return rehearsal.Refuse(400, "Rehearsal.UnknownParameter", "the rehearsal launches one instance a request")
	case in.InstanceType != "" && !slices.Contains(in.InstanceType.Values(), in.InstanceType):
		return rehearsal.Refuse(400, "InvalidParameterValue", "Invalid value '%s' for InstanceType.", in.InstanceType)
	case len(in.NetworkInterfaces) > 0 && (in.SubnetId != nil || len(in.SecurityGroupIds) > 0):
		return rehearsal.Refuse(400, "InvalidParameterCombination", "Network interfaces and an instance-level subnet ID may not be specified on the same request")
	}
	return nil
}

// resolveImage stands for the public parameter store: one made-up image.
func resolveImage(image string) string {
	if strings.HasPrefix(image, "resolve:ssm:") {
		return "ami-0123456789abcdef0"
	}
	return image
}

// plugIn gives a new instance its interfaces: those named, or one of its own.
func plugIn(r *request, i *document[types.Instance], in *ec2.RunInstancesInput) error {
	specifications := in.NetworkInterfaces
	if len(specifications) == 0 {
		if in.SubnetId == nil {
			return rehearsal.Refuse(400, "VPCIdNotSpecified", "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.")
		}
		specifications = []types.InstanceNetworkInterfaceSpecification{{
			DeviceIndex: aws.Int32(0), SubnetId: in.SubnetId, Groups: in.SecurityGroupIds, PrivateIpAddress: in.PrivateIpAddress,
		}}
	}
	for _, specification := range specifications {
		face, own, err := interfaceFor(r, specification)
		if err != nil {
			return err
		}
		if err := attach(r, face, i.Thing, specification.DeviceIndex, own); err != nil {
			return err
		}
		if aws.ToInt32(specification.DeviceIndex) == 0 {
			i.Thing.PrivateIpAddress, i.Thing.SubnetId, i.Thing.VpcId = face.Thing.PrivateIpAddress, face.Thing.SubnetId, face.Thing.VpcId
			i.Thing.SecurityGroups = face.Thing.Groups
			i.Thing.PrivateDnsName = aws.String(hostName(aws.ToString(face.Thing.PrivateIpAddress)))
			i.Thing.Placement = &types.Placement{AvailabilityZone: face.Thing.AvailabilityZone}
		}
	}
	if i.Thing.VpcId == nil {
		return rehearsal.Refuse(400, "InvalidParameterValue", "A network interface with device index 0 is required")
	}
	return instances().put(r, i)
}

// interfaceFor returns the interface that is named, or makes one that goes with
// the instance, with a public address where the subnet or the request says so.
func interfaceFor(r *request, specification types.InstanceNetworkInterfaceSpecification) (face *document[types.NetworkInterface], own bool, err error) {
	if specification.NetworkInterfaceId != nil {
		face, err = getInterface(r, specification.NetworkInterfaceId)
		return face, false, err
	}
	s, err := subnets().get(r, specification.SubnetId)
	if err != nil {
		return nil, false, err
	}
	face, err = plugInterface(r, s.Thing, specification.Groups, aws.ToString(specification.PrivateIpAddress), nil)
	if err != nil {
		return nil, false, err
	}
	face.Hidden = true
	public := aws.ToBool(s.Thing.MapPublicIpOnLaunch)
	if specification.AssociatePublicIpAddress != nil {
		public = *specification.AssociatePublicIpAddress
	}
	if public {
		address, err := rehearsal.NewAddress(r.Tx)
		if err != nil {
			return nil, false, err
		}
		face.Thing.Association = &types.NetworkInterfaceAssociation{PublicIp: &address}
	}
	return face, true, nil
}

func describeInstances(r *request, in *ec2.DescribeInstancesInput) (*ec2.DescribeInstancesOutput, error) {
	found, err := instances().all(r, in.Filters...)
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeInstancesOutput{}
	for _, i := range found {
		if err := dress(r, &i.Thing); err != nil {
			return nil, err
		}
		out.Reservations = append(out.Reservations, types.Reservation{Instances: []types.Instance{i.Thing}, OwnerId: aws.String(accountID)})
	}
	return out, nil
}

// dress fills in what the interfaces know.
func dress(r *request, i *types.Instance) error {
	faces, err := interfacesOf(r, i.InstanceId)
	if err != nil {
		return err
	}
	i.NetworkInterfaces = nil
	for _, face := range faces {
		description := types.InstanceNetworkInterface{
			NetworkInterfaceId: face.Thing.NetworkInterfaceId, SubnetId: face.Thing.SubnetId, VpcId: face.Thing.VpcId,
			PrivateIpAddress: face.Thing.PrivateIpAddress, Status: face.Thing.Status, Groups: face.Thing.Groups,
			PrivateIpAddresses: []types.InstancePrivateIpAddress{{Primary: aws.Bool(true), PrivateIpAddress: face.Thing.PrivateIpAddress}},
			Attachment: &types.InstanceNetworkInterfaceAttachment{
				AttachmentId: face.Thing.Attachment.AttachmentId, DeviceIndex: face.Thing.Attachment.DeviceIndex, Status: face.Thing.Attachment.Status,
			},
		}
		if face.Thing.Association != nil {
			description.Association = &types.InstanceNetworkInterfaceAssociation{PublicIp: face.Thing.Association.PublicIp}
			if i.PublicIpAddress == nil && aws.ToInt32(face.Thing.Attachment.DeviceIndex) == 0 {
				i.PublicIpAddress = face.Thing.Association.PublicIp
			}
		}
		i.NetworkInterfaces = append(i.NetworkInterfaces, description)
	}
	return nil
}

func startInstances(r *request, in *ec2.StartInstancesInput) (*ec2.StartInstancesOutput, error) {
	out := &ec2.StartInstancesOutput{}
	for _, id := range in.InstanceIds {
		change, err := move(r, id, types.InstanceStateNameStopped, types.InstanceStateNamePending, types.InstanceStateNameRunning, launchLasts)
		if err != nil {
			return nil, err
		}
		out.StartingInstances = append(out.StartingInstances, change)
	}
	return out, nil
}

func stopInstances(r *request, in *ec2.StopInstancesInput) (*ec2.StopInstancesOutput, error) {
	out := &ec2.StopInstancesOutput{}
	for _, id := range in.InstanceIds {
		change, err := move(r, id, types.InstanceStateNameRunning, types.InstanceStateNameStopping, types.InstanceStateNameStopped, stopLasts)
		if err != nil {
			return nil, err
		}
		out.StoppingInstances = append(out.StoppingInstances, change)
	}
	return out, nil
}

// move starts the way of an instance from one state over a passing one to its
// goal; being on the way or there already is fine.
func move(r *request, id string, from, passing, goal types.InstanceStateName, lasts time.Duration) (types.InstanceStateChange, error) {
	i, err := instances().get(r, &id)
	if err != nil {
		return types.InstanceStateChange{}, err
	}
	change := types.InstanceStateChange{InstanceId: &id, PreviousState: i.Thing.State, CurrentState: i.Thing.State}
	switch i.Thing.State.Name {
	case passing, goal:
		return change, nil
	case from:
	default:
		return change, rehearsal.Refuse(400, "IncorrectInstanceState", "The instance '%s' is not in a state from which it can be moved (%s).", id, i.Thing.State.Name)
	}
	i.Thing.State, i.NextAt = inState(passing), r.world.After(lasts)
	change.CurrentState = i.Thing.State
	if err := instances().put(r, i); err != nil {
		return change, err
	}
	r.changed(i.Thing.InstanceId, i.Thing.Tags)
	return change, switchMachine(r, id, passing == types.InstanceStateNamePending)
}

// terminateInstances ends instances; their machines are gone at once, their
// interfaces are held until they are terminated.
func terminateInstances(r *request, in *ec2.TerminateInstancesInput) (*ec2.TerminateInstancesOutput, error) {
	out := &ec2.TerminateInstancesOutput{}
	for _, id := range in.InstanceIds {
		i, err := instances().get(r, &id)
		if err != nil {
			return nil, err
		}
		change := types.InstanceStateChange{InstanceId: &id, PreviousState: i.Thing.State, CurrentState: i.Thing.State}
		if i.Thing.State.Name != types.InstanceStateNameShuttingDown && i.Thing.State.Name != types.InstanceStateNameTerminated {
			i.Thing.State, i.NextAt = inState(types.InstanceStateNameShuttingDown), r.world.After(terminateLasts)
			change.CurrentState = i.Thing.State
			if err := instances().put(r, i); err != nil {
				return nil, err
			}
			if err := rehearsal.DeleteMachine(r.Tx, id); err != nil {
				return nil, err
			}
			r.changed(i.Thing.InstanceId, i.Thing.Tags)
		}
		out.TerminatingInstances = append(out.TerminatingInstances, change)
	}
	return out, nil
}
