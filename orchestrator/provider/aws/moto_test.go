package aws_test

import (
	"bufio"
	"context"
	"io"
	"os/exec"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/providertest"
)

// TestMoto carries a whole environment up and down at a far end that others
// wrote: moto, an emulator of EC2. It knows no passing states, so that waiting
// is the rehearsal's to test.
func TestMoto(t *testing.T) {
	endpoint := startMoto(t)
	engine := engineAt(t, endpoint)
	engine.Deployment = "app-vm"
	b, e := &bench{Engine: engine}, newEnvironment()
	for _, n := range e.nodes {
		n.Properties["client_config"].(values)["endpoint_url"] = endpoint
	}
	b.install(t, e)
	publicIP := e.by["ip"].Runtime["aws_resource_id"]
	if got := e.by["vm"].Runtime["public_ip_address"]; publicIP == "" || got != publicIP {
		t.Errorf("the machine's public address is %v, want the Elastic IP %v", got, publicIP)
	}
	client := ec2.New(ec2.Options{
		Region: "us-west-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("id", "key", ""),
	})
	// An instance, its volume, a VPC, a gateway, two subnets, a group, an
	// interface, an address.
	if got := owned(t, client); len(got) != 9 {
		t.Errorf("resources with our tags after install: %q, want 9", got)
	}
	b.uninstall(t, e)
	if left := owned(t, client); len(left) > 0 {
		t.Errorf("left after uninstall: %q", left)
	}
}

// owned are the ids of what carries this installation's tag and still is there.
// (moto's DescribeTags also tells of what is gone.)
func owned(t *testing.T, client *ec2.Client) []string {
	t.Helper()
	ctx := context.Background()
	ours := []types.Filter{{Name: sdk.String("tag-key"), Values: []string{provider.TagInstallation}}}
	var found []string
	add := func(id *string) { found = append(found, sdk.ToString(id)) }

	instances, err := client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{Filters: ours})
	providertest.Must(t, err)
	for _, reservation := range instances.Reservations {
		for _, each := range reservation.Instances {
			if each.State.Name != types.InstanceStateNameTerminated {
				add(each.InstanceId)
			}
		}
	}
	volumes, err := client.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{Filters: ours})
	providertest.Must(t, err)
	for _, each := range volumes.Volumes {
		add(each.VolumeId)
	}
	addresses, err := client.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{Filters: ours})
	providertest.Must(t, err)
	for _, each := range addresses.Addresses {
		add(each.AllocationId)
	}
	interfaces, err := client.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: ours})
	providertest.Must(t, err)
	for _, each := range interfaces.NetworkInterfaces {
		add(each.NetworkInterfaceId)
	}
	groups, err := client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: ours})
	providertest.Must(t, err)
	for _, each := range groups.SecurityGroups {
		add(each.GroupId)
	}
	subnets, err := client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: ours})
	providertest.Must(t, err)
	for _, each := range subnets.Subnets {
		add(each.SubnetId)
	}
	gateways, err := client.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{Filters: ours})
	providertest.Must(t, err)
	for _, each := range gateways.InternetGateways {
		add(each.InternetGatewayId)
	}
	vpcs, err := client.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: ours})
	providertest.Must(t, err)
	for _, each := range vpcs.Vpcs {
		add(each.VpcId)
	}
	return found
}

// startMoto starts a moto server on a port of the loopback that it chooses.
func startMoto(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("moto_server")
	if err != nil {
		t.Skip("no moto_server on this machine (pip install 'moto[server]')")
	}
	server := exec.Command(program, "-H", "127.0.0.1", "-p", "0")
	output, err := server.StderrPipe()
	providertest.Must(t, err)
	providertest.Must(t, server.Start())
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if _, endpoint, ok := strings.Cut(lines.Text(), "Running on "); ok {
			go func() { _, _ = io.Copy(io.Discard, output) }() // ends with the server
			t.Cleanup(func() {
				_ = server.Process.Kill() // it may have ended by itself
				_ = server.Wait()
			})
			return strings.TrimSpace(endpoint)
		}
	}
	t.Skipf("moto_server ended at once: %v", server.Wait())
	return ""
}
