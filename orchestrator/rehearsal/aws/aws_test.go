package aws_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	far "github.com/slipwayhq/slipway/orchestrator/rehearsal/aws"
)

// account is a client of a rehearsed account on a clock that stands still until
// it is moved.
type account struct {
	*ec2.Client
	t     *testing.T
	now   time.Time
	world *rehearsal.World
}

func newAccount(t *testing.T, faults ...rehearsal.Fault) *account {
	a := &account{t: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	a.world = rehearsal.New(rehearsal.Config{Speed: 1, Now: func() time.Time { return a.now }, Faults: faults})
	a.Client = a.in("us-west-1")
	return a
}

// in is a client for another region of the account.
func (a *account) in(region string) *ec2.Client {
	return ec2.New(ec2.Options{
		Region: region, Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		APIOptions: []func(*middleware.Stack) error{far.New(a.world).Install},
	})
}

func (a *account) vpc(cidr string) *string {
	a.t.Helper()
	out, err := a.CreateVpc(context.Background(), &ec2.CreateVpcInput{CidrBlock: &cidr})
	if err != nil {
		a.t.Fatal(err)
	}
	return out.Vpc.VpcId
}

func (a *account) subnet(vpcID *string, cidr string) *string {
	a.t.Helper()
	out, err := a.CreateSubnet(context.Background(), &ec2.CreateSubnetInput{VpcId: vpcID, CidrBlock: &cidr})
	if err != nil {
		a.t.Fatal(err)
	}
	return out.Subnet.SubnetId
}

func (a *account) face(subnetID *string) *string {
	a.t.Helper()
	out, err := a.CreateNetworkInterface(context.Background(), &ec2.CreateNetworkInterfaceInput{SubnetId: subnetID})
	if err != nil {
		a.t.Fatal(err)
	}
	return out.NetworkInterface.NetworkInterfaceId
}

// TestSlowAnswer holds that a client which does not wait sees its own deadline,
// while the effect is there.
func TestSlowAnswer(t *testing.T) {
	a := newAccount(t, rehearsal.Fault{Call: "ec2.CreateVpc", Kind: rehearsal.FaultSlow, Times: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := a.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v, want the deadline", err)
	}
	out, err := a.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
	if err != nil || len(out.Vpcs) != 1 {
		t.Errorf("VPCs = %v, error = %v; want the one whose answer came too late", out, err)
	}
}

func launch(faceID *string) *ec2.RunInstancesInput {
	return &ec2.RunInstancesInput{
		ImageId: aws.String("ami-0123456789abcdef0"), InstanceType: types.InstanceTypeT3Medium, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		ClientToken:       aws.String("token-1"),
		NetworkInterfaces: []types.InstanceNetworkInterfaceSpecification{{DeviceIndex: aws.Int32(0), NetworkInterfaceId: faceID}},
	}
}

// TestChecks is what the real cloud would refuse, by its own codes.
func TestChecks(t *testing.T) {
	ctx := context.Background()
	cases := map[string]struct {
		reason string
		ask    func(*account) error
		want   string
	}{
		"VpcSize": {"a VPC is at most a /16", func(a *account) error {
			_, err := a.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/8")})
			return err
		}, "InvalidVpc.Range"},
		"VpcBlock": {"a block is a network", func(a *account) error {
			_, err := a.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.1")})
			return err
		}, "InvalidParameterValue"},
		"SubnetOutside": {"a subnet lies inside of its VPC", func(a *account) error {
			_, err := a.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: a.vpc("10.0.0.0/16"), CidrBlock: aws.String("10.1.0.0/24")})
			return err
		}, "InvalidSubnet.Range"},
		"SubnetOverlap": {"and beside the others", func(a *account) error {
			v := a.vpc("10.0.0.0/16")
			a.subnet(v, "10.0.0.0/24")
			_, err := a.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: v, CidrBlock: aws.String("10.0.0.128/25")})
			return err
		}, "InvalidSubnet.Conflict"},
		"OtherRegion": {"ids do not cross regions", func(a *account) error {
			_, err := a.in("eu-west-1").CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: a.vpc("10.0.0.0/16"), CidrBlock: aws.String("10.0.0.0/24")})
			return err
		}, "InvalidVpcID.NotFound"},
		"NoRegion": {"a region that does not exist", func(a *account) error {
			_, err := a.in("moon-east-1").DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
			return err
		}, "Rehearsal.UnknownRegion"},
		"VpcInUse": {"a VPC with a subnet stays", func(a *account) error {
			v := a.vpc("10.0.0.0/16")
			a.subnet(v, "10.0.0.0/24")
			_, err := a.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: v})
			return err
		}, "DependencyViolation"},
		"SubnetInUse": {"a subnet with an interface stays", func(a *account) error {
			s := a.subnet(a.vpc("10.0.0.0/16"), "10.0.0.0/24")
			a.face(s)
			_, err := a.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: s})
			return err
		}, "DependencyViolation"},
		"TokenMismatch": {"a token stands for one request", func(a *account) error {
			face := a.face(a.subnet(a.vpc("10.0.0.0/16"), "10.0.0.0/24"))
			if _, err := a.RunInstances(ctx, launch(face)); err != nil {
				return err
			}
			other := launch(face)
			other.InstanceType = types.InstanceTypeT3Large
			_, err := a.RunInstances(ctx, other)
			return err
		}, "IdempotentParameterMismatch"},
		"InterfaceInUse": {"an interface serves one instance", func(a *account) error {
			face := a.face(a.subnet(a.vpc("10.0.0.0/16"), "10.0.0.0/24"))
			if _, err := a.RunInstances(ctx, launch(face)); err != nil {
				return err
			}
			other := launch(face)
			other.ClientToken = aws.String("token-2")
			_, err := a.RunInstances(ctx, other)
			return err
		}, "InvalidNetworkInterface.InUse"},
		"UserData": {"user data comes in base64", func(a *account) error {
			in := launch(a.face(a.subnet(a.vpc("10.0.0.0/16"), "10.0.0.0/24")))
			in.UserData = aws.String("#cloud-config")
			_, err := a.RunInstances(ctx, in)
			return err
		}, "InvalidUserData.Malformed"},
		"Image": {"an image id looks like one", func(a *account) error {
			in := launch(a.face(a.subnet(a.vpc("10.0.0.0/16"), "10.0.0.0/24")))
			in.ImageId = aws.String("ubuntu")
			_, err := a.RunInstances(ctx, in)
			return err
		}, "InvalidAMIID.Malformed"},
		"NoGateway": {"a public address needs a way in", func(a *account) error {
			face := a.face(a.subnet(a.vpc("10.0.0.0/16"), "10.0.0.0/24"))
			address, err := a.AllocateAddress(ctx, &ec2.AllocateAddressInput{})
			if err != nil {
				return err
			}
			_, err = a.AssociateAddress(ctx, &ec2.AssociateAddressInput{AllocationId: address.AllocationId, NetworkInterfaceId: face})
			return err
		}, "Gateway.NotAttached"},
		"Filter": {"a filter that does not exist is no filter", func(a *account) error {
			_, err := a.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: []types.Filter{{Name: aws.String("colour"), Values: []string{"red"}}}})
			return err
		}, "InvalidParameterValue"},
		"Unknown": {"what the rehearsal does not know, it says", func(a *account) error {
			_, err := a.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{})
			return err
		}, "Rehearsal.UnknownCall"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := tc.ask(newAccount(t))
			answer, ok := errors.AsType[smithy.APIError](err)
			if !ok || answer.ErrorCode() != tc.want {
				t.Errorf("%s: error = %v, want the code %s", tc.reason, err, tc.want)
			}
		})
	}
}

// TestStates is the life of an instance in the cloud's own time.
func TestStates(t *testing.T) {
	ctx := context.Background()
	a := newAccount(t)
	face := a.face(a.subnet(a.vpc("10.0.0.0/16"), "10.0.0.0/24"))
	first, err := a.RunInstances(ctx, launch(face))
	if err != nil {
		t.Fatal(err)
	}
	again, err := a.RunInstances(ctx, launch(face))
	if err != nil {
		t.Fatal(err)
	}
	id := aws.ToString(first.Instances[0].InstanceId)
	if got := aws.ToString(again.Instances[0].InstanceId); got != id {
		t.Errorf("the same token made %s, then %s", id, got)
	}
	state := func() string {
		out, err := a.DescribeInstances(ctx, &ec2.DescribeInstancesInput{Filters: []types.Filter{{Name: aws.String("instance-id"), Values: []string{id}}}})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Reservations) == 0 {
			return "forgotten"
		}
		return string(out.Reservations[0].Instances[0].State.Name)
	}
	after := func(d time.Duration) string { a.now = a.now.Add(d); return state() }

	got := []string{state(), after(19 * time.Second), after(time.Second)}
	if _, err := a.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
	got = append(got, state(), after(15*time.Second))
	if _, err := a.StartInstances(ctx, &ec2.StartInstancesInput{InstanceIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
	got = append(got, state(), after(20*time.Second))
	if _, err := a.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
	got = append(got, state(), after(20*time.Second), after(time.Hour))
	want := []string{"pending", "pending", "running", "stopping", "stopped", "pending", "running", "shutting-down", "terminated", "forgotten"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if _, err := a.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: face}); err != nil {
		t.Errorf("a terminated instance lets go of its interface: %v", err)
	}
}

// TestPublicAddress is a machine in a subnet that gives addresses by itself.
func TestPublicAddress(t *testing.T) {
	ctx := context.Background()
	a := newAccount(t)
	subnetID := a.subnet(a.vpc("10.0.0.0/16"), "10.0.0.0/24")
	_, err := a.ModifySubnetAttribute(ctx, &ec2.ModifySubnetAttributeInput{SubnetId: subnetID, MapPublicIpOnLaunch: &types.AttributeBooleanValue{Value: aws.Bool(true)}})
	if err != nil {
		t.Fatal(err)
	}
	in := launch(nil)
	in.NetworkInterfaces, in.SubnetId = nil, subnetID
	made, err := a.RunInstances(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	id := aws.ToString(made.Instances[0].InstanceId)
	out, err := a.DescribeInstances(ctx, &ec2.DescribeInstancesInput{})
	if err != nil {
		t.Fatal(err)
	}
	public := aws.ToString(out.Reservations[0].Instances[0].PublicIpAddress)
	at := func() (found string) {
		err := a.world.State.View(ctx, func(tx rehearsal.Tx) error {
			machine, _, err := rehearsal.FindMachine(tx, public)
			found = machine.ID
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if got := at(); got != id {
		t.Errorf("at %q answers %q, want %s", public, got, id)
	}
	if _, err := a.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
	a.now = a.now.Add(time.Minute)
	if _, err := a.DescribeInstances(ctx, &ec2.DescribeInstancesInput{}); err != nil {
		t.Fatal(err)
	}
	if got := at(); got != "" {
		t.Errorf("at %s still answers %s", public, got)
	}
	if _, err := a.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: subnetID}); err != nil {
		t.Errorf("the interface of the instance's own goes with it: %v", err)
	}
}
