package aws_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/aws"
	"github.com/slipwayhq/slipway/orchestrator/provider/providertest"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	far "github.com/slipwayhq/slipway/orchestrator/rehearsal/aws"
)

type (
	values = map[string]orchestrator.Value
	list   = []orchestrator.Value
)

const resources = "aws.cloudify_aws.ec2.resources."

// bench is a provider against a rehearsed account.
type bench struct {
	*providertest.Engine
	world *rehearsal.World
}

// newBench runs a thousand times faster than the cloud, on a clock of its own.
func newBench(faults ...rehearsal.Fault) *bench {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	world := rehearsal.New(rehearsal.Config{Speed: 1000, Now: func() time.Time { return now }, Faults: faults})
	engine := providertest.New(aws.New(aws.Options{Rehearsal: far.New(world).Install, Scale: world.Speed.Scale}))
	engine.Deployment, engine.Now = "app-vm", world.Now
	engine.Wait = func(d time.Duration) { now = now.Add(world.Speed.Scale(d)) }
	return &bench{Engine: engine, world: world}
}

// do carries out an operation to its end, through the death of a server.
func (b *bench) do(self *provider.Instance, operation providertest.Operation) error {
	for {
		err := b.Run(context.Background(), self, operation)
		if !errors.Is(err, providertest.ErrCrashed) {
			return err
		}
		operation.Resumed = true
	}
}

func properties(config values, more ...values) values {
	all := values{
		"client_config": values{
			"aws_access_key_id": orchestrator.Mark("rehearsal-aws_access_key_id"), "aws_secret_access_key": orchestrator.Mark("rehearsal-secret"),
			"region_name": "us-west-1", "endpoint_url": "",
		},
		"use_external_resource": false, "resource_id": "", "resource_config": config,
		"Tags": list{values{"Key": "Name", "Value": "app"}},
	}
	for _, m := range more {
		for key, value := range m {
			all[key] = value
		}
	}
	return all
}

func external(id string) values { return values{"use_external_resource": true, "resource_id": id} }

func typeOf(name string) string { return "cloudify.nodes.aws.ec2." + name }

// node is an instance with the lifecycle that its type maps.
type node struct {
	*provider.Instance
	install, uninstall []providertest.Operation
}

func act(operation, function string) providertest.Operation {
	return providertest.Operation{Name: operation, Function: resources + function}
}

func life(instance *provider.Instance, module string, start, stop string) node {
	n := node{Instance: instance}
	n.install = []providertest.Operation{act("create", module+".prepare"), act("configure", module+".create")}
	if start != "" {
		n.install = append(n.install, act("start", module+"."+start))
		n.uninstall = append(n.uninstall, act("stop", module+"."+stop))
	}
	n.uninstall = append(n.uninstall, act("delete", module+".delete"))
	return n
}

// newInstance is an instance that is connected to the targets.
func newInstance(node, typeName string, properties values, targets ...*provider.Instance) *provider.Instance {
	self := &provider.Instance{
		ID: node + "_abc123", NodeID: node, Type: typeName, TypeHierarchy: []string{"cloudify.nodes.Root", typeName},
		Properties: properties, Runtime: values{},
	}
	for _, target := range targets {
		const connected = "cloudify.relationships.connected_to"
		self.Relationships = append(self.Relationships, provider.Related{Type: connected, TypeHierarchy: []string{connected}, Target: target})
	}
	return self
}

// environment is the blocks aV, aM and the route of aS of the AWS dev-small cell.
type environment struct {
	nodes []node
	by    map[string]*provider.Instance
}

func newEnvironment() environment {
	instance := newInstance
	vpc := instance("vpc", typeOf("Vpc"), properties(values{"CidrBlock": "10.0.0.0/16", "kwargs": values{}}))
	gateway := instance("internet_gateway", typeOf("InternetGateway"), properties(nil), vpc)
	subnet1 := instance("subnet_1", typeOf("Subnet"), properties(values{"CidrBlock": "10.0.0.0/24", "AvailabilityZone": "us-west-1a"}), vpc, gateway)
	subnet2 := instance("subnet_2", typeOf("Subnet"), properties(values{"CidrBlock": "10.0.1.0/24", "AvailabilityZone": "us-west-1b"}), vpc)
	group := instance("group", typeOf("SecurityGroup"), properties(values{"GroupName": "agents", "Description": "agents", "kwargs": values{}}), vpc)
	rules := instance("rules", typeOf("SecurityGroupRuleIngress"), properties(values{"IpPermissions": list{
		rule(22), rule(5432), rule(8443), rule(9000),
	}}), group)
	nic := instance("nic", typeOf("Interface"), properties(values{"kwargs": values{}}), subnet1, group)
	ip := instance("ip", typeOf("ElasticIP"), properties(values{"Domain": "vpc"}), nic)
	vm := instance("vm", typeOf("Instances"), properties(values{
		"MinCount": int64(1), "MaxCount": int64(1), "InstanceType": "t3.medium",
		"ImageId": "resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
		"kwargs":  values{"KeyName": "", "UserData": "#cloud-config\nusers: []\n"},
	}), nic, ip)
	mainTable := instance("main_route_table", typeOf("RouteTable"), properties(nil, external("")), vpc)
	route := instance("route", typeOf("Route"), properties(values{"kwargs": values{"DestinationCidrBlock": "0.0.0.0/0"}}), mainTable, gateway)

	ruleLife := node{Instance: rules,
		install:   []providertest.Operation{act("create", "securitygroup.prepare"), act("start", "securitygroup.authorize_ingress_rules")},
		uninstall: []providertest.Operation{act("stop", "securitygroup.revoke_ingress_rules")},
	}
	e := environment{by: map[string]*provider.Instance{}, nodes: []node{
		life(vpc, "vpc", "", ""), life(gateway, "internet_gateway", "attach", "detach"),
		life(subnet1, "subnet", "", ""), life(subnet2, "subnet", "", ""),
		life(group, "securitygroup", "", ""), ruleLife,
		life(mainTable, "routetable", "attach", "detach"), life(route, "route", "", ""),
		life(nic, "eni", "attach", "detach"), life(ip, "elasticip", "attach", "detach"), life(vm, "instances", "start", "stop"),
	}}
	for _, n := range e.nodes {
		e.by[n.NodeID] = n.Instance
	}
	return e
}

func rule(port int64) values {
	return values{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": list{values{"CidrIp": "0.0.0.0/0"}}}
}

func (b *bench) install(t *testing.T, e environment) {
	t.Helper()
	b.Workflow = "install"
	for _, n := range e.nodes {
		if n.NodeID == "main_route_table" {
			// As the blueprint's get_attribute does.
			n.Properties["resource_id"] = e.by["vpc"].Runtime["main_route_table_id"]
		}
		b.all(t, n, n.install)
	}
}

func (b *bench) uninstall(t *testing.T, e environment) {
	t.Helper()
	b.Workflow = "uninstall"
	for _, n := range slices.Backward(e.nodes) {
		b.all(t, n, n.uninstall)
	}
}

func (b *bench) all(t *testing.T, n node, acts []providertest.Operation) {
	t.Helper()
	for _, act := range acts {
		if err := b.do(n.Instance, act); err != nil {
			t.Fatalf("%s of %s: %v", act.Name, n.NodeID, err)
		}
	}
}

// listed are the kinds and states of what the account holds.
func (b *bench) listed(t *testing.T) []string {
	t.Helper()
	var rows []string
	b.view(t, func(tx rehearsal.Tx) error {
		objects, err := tx.List(rehearsal.Query{Cloud: far.Cloud, Listed: true})
		for _, o := range objects {
			rows = append(rows, strings.Join([]string{o.Kind, o.Deployment, o.Instance, o.State}, " "))
		}
		return err
	})
	slices.Sort(rows)
	return rows
}

// effective counts the effective calls.
func (b *bench) effective(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	b.view(t, func(tx rehearsal.Tx) error {
		calls, err := tx.Calls(rehearsal.CallQuery{Cloud: far.Cloud, Effective: true})
		for _, call := range calls {
			counts[call.Call]++
		}
		return err
	})
	return counts
}

func (b *bench) view(t *testing.T, read func(rehearsal.Tx) error) {
	t.Helper()
	if err := b.world.State.View(context.Background(), read); err != nil {
		t.Fatal(err)
	}
}

var wholeEnvironment = []string{
	"ec2.ElasticIP app-vm ip_abc123 associated",
	"ec2.Instance app-vm vm_abc123 running",
	"ec2.InternetGateway app-vm internet_gateway_abc123 attached",
	"ec2.NetworkInterface app-vm nic_abc123 in-use",
	"ec2.SecurityGroup app-vm group_abc123 available",
	"ec2.Subnet app-vm subnet_1_abc123 available",
	"ec2.Subnet app-vm subnet_2_abc123 available",
	"ec2.Vpc app-vm vpc_abc123 available",
}

// createsOnce is what an install may change, however often it is disturbed.
var createsOnce = map[string]int{
	"ec2.CreateVpc": 1, "ec2.CreateInternetGateway": 1, "ec2.AttachInternetGateway": 1, "ec2.CreateSubnet": 2,
	"ec2.CreateSecurityGroup": 1, "ec2.AuthorizeSecurityGroupIngress": 1, "ec2.CreateRoute": 1,
	"ec2.CreateNetworkInterface": 1, "ec2.AllocateAddress": 1, "ec2.AssociateAddress": 1, "ec2.RunInstances": 1,
}

func TestLife(t *testing.T) {
	b, e := newBench(), newEnvironment()
	b.install(t, e)
	if diff := cmp.Diff(wholeEnvironment, b.listed(t)); diff != "" {
		t.Errorf("the account after install (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(createsOnce, b.effective(t)); diff != "" {
		t.Errorf("effective calls of an install (-want +got):\n%s", diff)
	}

	publicIP, _ := e.by["ip"].Runtime["aws_resource_id"].(string)
	b.view(t, func(tx rehearsal.Tx) error {
		machine, ok, err := rehearsal.FindMachine(tx, publicIP)
		if !ok || machine.ID != e.by["vm"].Runtime["aws_resource_id"] || machine.UserData != "#cloud-config\nusers: []\n" {
			t.Errorf("at %s answers %+v, want the instance with its plain user data", publicIP, machine)
		}
		return err
	})
	wantVM := values{"ip": "10.0.0.4", "private_ip_address": "10.0.0.4", "public_ip_address": publicIP}
	gotVM := values{}
	for key := range wantVM {
		gotVM[key] = e.by["vm"].Runtime[key]
	}
	if diff := cmp.Diff(wantVM, gotVM); diff != "" {
		t.Errorf("addresses of the instance (-want +got):\n%s", diff)
	}

	b.uninstall(t, e)
	if left := b.listed(t); len(left) > 0 {
		t.Errorf("left after uninstall: %q", left)
	}
	for _, n := range e.nodes {
		if len(n.Runtime) > 0 {
			t.Errorf("%s keeps runtime properties: %v", n.NodeID, n.Runtime)
		}
	}
	b.view(t, func(tx rehearsal.Tx) error {
		_, ok, err := rehearsal.FindMachine(tx, publicIP)
		if ok {
			t.Error("the machine still answers after uninstall")
		}
		return err
	})
}

func TestLifeWithFaults(t *testing.T) {
	mutating := []string{
		"CreateVpc", "CreateInternetGateway", "AttachInternetGateway", "CreateSubnet", "CreateSecurityGroup", "AuthorizeSecurityGroupIngress",
		"CreateRoute", "CreateNetworkInterface", "AllocateAddress", "AssociateAddress", "RunInstances",
		"DeleteVpc", "DeleteInternetGateway", "DetachInternetGateway", "DeleteSubnet", "DeleteSecurityGroup", "RevokeSecurityGroupIngress",
		"DeleteRoute", "DeleteNetworkInterface", "ReleaseAddress", "DisassociateAddress", "TerminateInstances",
	}
	cases := map[string]struct {
		reason, kind string
		calls        []string
	}{
		"Lost":     {reason: "an effect whose answer was lost is found, not repeated", kind: rehearsal.FaultLost, calls: mutating},
		"Error":    {reason: "a server error is in doubt, and settled", kind: rehearsal.FaultError, calls: mutating},
		"Throttle": {reason: "throttling is the SDK's to bear", kind: rehearsal.FaultThrottle, calls: mutating},
		"Late":     {reason: "what shows up late is waited for", kind: rehearsal.FaultLate, calls: []string{"CreateVpc", "CreateSubnet", "CreateInternetGateway"}},
		"Reads": {reason: "a read that fails is read again", kind: rehearsal.FaultError,
			calls: []string{"DescribeVpcs", "DescribeSubnets", "DescribeInstances", "DescribeAddresses"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var faults []rehearsal.Fault
			for _, call := range tc.calls {
				faults = append(faults, rehearsal.Fault{Cloud: far.Cloud, Call: "ec2." + call, Kind: tc.kind, Times: 2})
			}
			b, e := newBench(faults...), newEnvironment()
			b.install(t, e)
			if diff := cmp.Diff(createsOnce, b.effective(t)); diff != "" {
				t.Errorf("%s: effective calls of an install (-want +got):\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(wholeEnvironment, b.listed(t)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
			b.uninstall(t, e)
			if left := b.listed(t); len(left) > 0 {
				t.Errorf("%s: left after uninstall: %q", tc.reason, left)
			}
		})
	}
}

// TestDeath kills the server at every journal write of an install, right after
// the cloud did its part.
func TestDeath(t *testing.T) {
	writes := 0
	counting, e := newBench(), newEnvironment()
	counting.CrashBefore = func(values) bool { writes++; return false }
	counting.install(t, e)
	if writes < 8 {
		t.Fatalf("an install journals %d times; each created resource should be written down", writes)
	}
	for at := 1; at <= writes; at++ {
		t.Run(fmt.Sprintf("Write%d", at), func(t *testing.T) {
			b, e := newBench(), newEnvironment()
			n := 0
			b.CrashBefore = func(values) bool { n++; return n == at }
			b.install(t, e)
			if diff := cmp.Diff(createsOnce, b.effective(t)); diff != "" {
				t.Errorf("a resumed create makes nothing twice (-want +got):\n%s", diff)
			}
			b.uninstall(t, e)
			if left := b.listed(t); len(left) > 0 {
				t.Errorf("left after uninstall: %q", left)
			}
		})
	}
}

// TestLostLease holds that nothing is sent once the lease is lost.
func TestLostLease(t *testing.T) {
	b, e := newBench(), newEnvironment()
	b.LeaseLost, b.Retries = true, 1
	err := b.do(e.by["vpc"], act("configure", "vpc.create"))
	if err == nil || provider.IsFatal(err) {
		t.Errorf("error = %v, want a plain one", err)
	}
	if got := b.effective(t); len(got) > 0 {
		t.Errorf("effective calls without a lease: %v", got)
	}
}

func TestDependencies(t *testing.T) {
	b, e := newBench(), newEnvironment()
	b.install(t, e)
	b.Workflow, b.Retries = "uninstall", 1
	for name, module := range map[string]string{"vpc": "vpc", "subnet_1": "subnet", "group": "securitygroup", "nic": "eni", "internet_gateway": "internet_gateway"} {
		t.Run(name, func(t *testing.T) {
			err := b.do(e.by[name], act("delete", module+".delete"))
			if err == nil || provider.IsFatal(err) {
				t.Errorf("delete of %s while it is used: %v, want an error that is retried", name, err)
			}
		})
	}
	if diff := cmp.Diff(wholeEnvironment, b.listed(t)); diff != "" {
		t.Errorf("refused deletes changed the account (-want +got):\n%s", diff)
	}
}

// TestUnrecorded deletes what a create left behind that nobody wrote down.
func TestUnrecorded(t *testing.T) {
	b, e := newBench(), newEnvironment()
	b.CrashBefore = func(values) bool { return true }
	if err := b.Run(context.Background(), e.by["vpc"], act("configure", "vpc.create")); !errors.Is(err, providertest.ErrCrashed) {
		t.Fatalf("error = %v, want the crash", err)
	}
	b.CrashBefore, b.Workflow = nil, "uninstall"
	if len(b.listed(t)) != 1 || len(e.by["vpc"].Runtime) != 0 {
		t.Fatalf("want one VPC that no property names, have %q and %v", b.listed(t), e.by["vpc"].Runtime)
	}
	if err := b.do(e.by["vpc"], act("delete", "vpc.delete")); err != nil {
		t.Fatal(err)
	}
	if left := b.listed(t); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

func TestExternal(t *testing.T) {
	b, e := newBench(), newEnvironment()
	b.install(t, e)
	before := b.effective(t)
	vpcID, _ := e.by["vpc"].Runtime["aws_resource_id"].(string)

	ours := life(newInstance("vpc", typeOf("Vpc"), properties(nil, external(vpcID))), "vpc", "", "")
	b.all(t, ours, ours.install)
	for _, key := range []string{"aws_resource_id", "main_route_table_id"} {
		if ours.Runtime[key] != e.by["vpc"].Runtime[key] {
			t.Errorf("%s = %v, want %v as of the node that made it", key, ours.Runtime[key], e.by["vpc"].Runtime[key])
		}
	}
	gatewayID, _ := e.by["internet_gateway"].Runtime["aws_resource_id"].(string)
	gateway := life(newInstance("gw", typeOf("InternetGateway"), properties(nil, external(gatewayID)), ours.Instance), "internet_gateway", "attach", "detach")
	b.all(t, gateway, gateway.install)
	b.Workflow = "uninstall"
	b.all(t, gateway, gateway.uninstall)
	b.all(t, ours, ours.uninstall)
	if diff := cmp.Diff(before, b.effective(t)); diff != "" {
		t.Errorf("an external resource is only read (-want +got):\n%s", diff)
	}

	absent := life(newInstance("vpc", typeOf("Vpc"), properties(nil, external("vpc-00000000000000000"))), "vpc", "", "")
	err := b.do(absent.Instance, act("configure", "vpc.create"))
	if !provider.IsFatal(err) || orchestrator.ErrorCode(err) != orchestrator.NotFound {
		t.Errorf("absent external resource: %v, want a hopeless not_found", err)
	}
}

func TestForeign(t *testing.T) {
	b, e := newBench(), newEnvironment()
	b.install(t, e)
	stolen := newInstance("vpc", typeOf("Vpc"), properties(values{"CidrBlock": "10.0.0.0/16"}))
	stolen.Runtime["aws_resource_id"] = e.by["vpc"].Runtime["aws_resource_id"]
	b.Installation = "inst-2"
	err := b.do(stolen, act("delete", "vpc.delete"))
	if !provider.IsFatal(err) || orchestrator.ErrorCode(err) != orchestrator.Conflict {
		t.Errorf("delete of another installation's VPC: %v, want a hopeless conflict", err)
	}
}

// TestStopAndStart is what the workflows stop and start do with a machine.
func TestStopAndStart(t *testing.T) {
	b, e := newBench(), newEnvironment()
	b.install(t, e)
	vm := e.by["vm"]
	state := func() string {
		for _, row := range b.listed(t) {
			if word, ok := strings.CutPrefix(row, "ec2.Instance app-vm vm_abc123 "); ok {
				return word
			}
		}
		return ""
	}
	for _, step := range []struct{ workflow, operation, want string }{
		{"stop", "stop", "stopped"}, {"stop", "stop", "stopped"}, {"start", "start", "running"}, {"uninstall", "stop", "running"},
	} {
		b.Workflow = step.workflow
		if err := b.do(vm, act(step.operation, "instances."+step.operation)); err != nil {
			t.Fatal(err)
		}
		if got := state(); got != step.want {
			t.Errorf("after %s in %s the instance is %s, want %s", step.operation, step.workflow, got, step.want)
		}
	}
}

// TestRouteTable binds a table of its own to two subnets, while answers get lost.
func TestRouteTable(t *testing.T) {
	b, e := newBench(
		rehearsal.Fault{Cloud: far.Cloud, Call: "ec2.CreateRouteTable", Kind: rehearsal.FaultLost, Times: 2},
		rehearsal.Fault{Cloud: far.Cloud, Call: "ec2.AssociateRouteTable", Kind: rehearsal.FaultLost, Times: 2},
		rehearsal.Fault{Cloud: far.Cloud, Call: "ec2.DisassociateRouteTable", Kind: rehearsal.FaultLost, Times: 2},
	), newEnvironment()
	b.install(t, e)
	table := life(newInstance("table", typeOf("RouteTable"), properties(values{"kwargs": values{}}), e.by["vpc"], e.by["subnet_1"], e.by["subnet_2"]), "routetable", "attach", "detach")
	b.all(t, table, table.install)
	if ids, _ := table.Runtime["association_ids"].(list); len(ids) != 2 {
		t.Errorf("association_ids = %v, want one for each subnet", table.Runtime["association_ids"])
	}
	counts := b.effective(t)
	if counts["ec2.CreateRouteTable"] != 1 || counts["ec2.AssociateRouteTable"] != 2 {
		t.Errorf("effective calls: %v, want one table and two associations", counts)
	}
	b.Workflow = "uninstall"
	b.all(t, table, table.uninstall)
	b.uninstall(t, e)
	if left := b.listed(t); len(left) > 0 {
		t.Errorf("left after uninstall: %q", left)
	}
}

// TestSecondInterface attaches an interface by an operation's own parameters.
func TestSecondInterface(t *testing.T) {
	b, e := newBench(), newEnvironment()
	b.install(t, e)
	second := newInstance("second", typeOf("Interface"), properties(values{"kwargs": values{}}), e.by["subnet_1"])
	attach := act("start", "eni.attach")
	attach.Inputs = values{"resource_config": values{"InstanceId": e.by["vm"].Runtime["aws_resource_id"], "DeviceIndex": int64(1)}}
	for _, step := range []providertest.Operation{act("create", "eni.prepare"), act("configure", "eni.create"), attach} {
		if err := b.do(second, step); err != nil {
			t.Fatal(err)
		}
	}
	if id, _ := second.Runtime["attachment_id"].(string); !strings.HasPrefix(id, "eni-attach-") {
		t.Errorf("attachment_id = %v", second.Runtime["attachment_id"])
	}
	for _, step := range []providertest.Operation{act("stop", "eni.detach"), act("delete", "eni.delete")} {
		if err := b.do(second, step); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(wholeEnvironment, b.listed(t)); diff != "" {
		t.Errorf("after detach and delete (-want +got):\n%s", diff)
	}
}

// TestSubnetAttributes changes a subnet by an operation that a template maps,
// and lets another choose its zone.
func TestSubnetAttributes(t *testing.T) {
	b, e := newBench(), newEnvironment()
	b.install(t, e)
	modify := act("poststart", "subnet.modify_subnet_attribute")
	modify.Inputs = values{"resource_config": values{"MapPublicIpOnLaunch": values{"Value": true}}}
	if err := b.do(e.by["subnet_1"], modify); err != nil {
		t.Fatal(err)
	}
	response, _ := e.by["subnet_1"].Runtime["create_response"].(values)
	config, _ := e.by["subnet_1"].Runtime["resource_config"].(values)
	if response["MapPublicIpOnLaunch"] != true || config["CidrBlock"] != "10.0.0.0/24" {
		t.Errorf("MapPublicIpOnLaunch = %v, recorded parameters %v", response["MapPublicIpOnLaunch"], config)
	}

	third := newInstance("third", typeOf("Subnet"), properties(values{"CidrBlock": "10.0.2.0/24", "AvailabilityZone": "us-west-1z"}, values{"use_available_zones": true}), e.by["vpc"])
	if err := b.do(third, act("configure", "subnet.create")); err != nil {
		t.Fatal(err)
	}
	if config, _ := third.Runtime["resource_config"].(values); config["AvailabilityZone"] != "us-west-1a" {
		t.Errorf("the recorded zone is %v, want one that there is", config["AvailabilityZone"])
	}
}

func TestHopeless(t *testing.T) {
	subnetIn := func(cidr, zone string) values { return values{"CidrBlock": cidr, "AvailabilityZone": zone} }
	cases := map[string]struct {
		reason   string
		typeName string
		config   values
		fault    string
		says     string
	}{
		"ErrRange":    {reason: "a subnet outside of its VPC", typeName: "Subnet", config: subnetIn("192.168.0.0/24", ""), says: "InvalidSubnet.Range"},
		"ErrOverlap":  {reason: "a subnet over another", typeName: "Subnet", config: subnetIn("10.0.0.0/25", ""), says: "InvalidSubnet.Conflict"},
		"ErrZone":     {reason: "a zone of another region", typeName: "Subnet", config: subnetIn("10.0.9.0/24", "eu-west-1a"), says: "us-west-1a, us-west-1b"},
		"ErrUnknown":  {reason: "a key that the API lacks", typeName: "Subnet", config: values{"CidrBlok": "10.0.9.0/24"}, says: "did you mean CidrBlock?"},
		"ErrName":     {reason: "a group's name is taken", typeName: "SecurityGroup", config: values{"GroupName": "agents", "Description": "x"}, says: "InvalidGroup.Duplicate"},
		"ErrCapacity": {reason: "the cloud is full", typeName: "Subnet", config: subnetIn("10.0.9.0/24", ""), fault: rehearsal.FaultCapacity, says: "try another zone"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b, e := newBench(), newEnvironment()
			b.install(t, e)
			if tc.fault != "" {
				b2 := newBench(rehearsal.Fault{Cloud: far.Cloud, Call: "ec2.CreateSubnet", Kind: tc.fault, Times: 100})
				b2.world.State = b.world.State
				b = b2
			}
			module := map[string]string{"Subnet": "subnet", "SecurityGroup": "securitygroup"}[tc.typeName]
			n := newInstance("extra", typeOf(tc.typeName), properties(tc.config), e.by["vpc"])
			err := b.do(n, act("configure", module+".create"))
			if !provider.IsFatal(err) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%s: %v, want a hopeless error that says %q", tc.reason, err, tc.says)
			}
		})
	}
}

// TestNoRoom holds that a full cloud ends a launch at once: asking the SDK's ten
// times would only hide it.
func TestNoRoom(t *testing.T) {
	b, e := newBench(rehearsal.Fault{Cloud: far.Cloud, Call: "ec2.RunInstances", Kind: rehearsal.FaultCapacity, Times: 1}), newEnvironment()
	n := len(e.nodes) - 1
	b.install(t, environment{nodes: e.nodes[:n], by: e.by})
	err := b.do(e.by["vm"], act("configure", "instances.create"))
	if !provider.IsFatal(err) || !strings.Contains(err.Error(), "try another zone or instance type") {
		t.Errorf("error = %v, want a hopeless one with the way out", err)
	}
}

// TestNetworksByHost holds that what EC2 rewrites (the bits of a host, protocols
// by number) is found again.
func TestNetworksByHost(t *testing.T) {
	b, e := newBench(), newEnvironment()
	e.by["vpc"].Properties["resource_config"] = values{"CidrBlock": "10.0.3.4/16"}
	e.by["rules"].Properties["resource_config"] = values{"IpPermissions": list{values{
		"IpProtocol": "6", "FromPort": int64(22), "ToPort": int64(22), "IpRanges": list{values{"CidrIp": "203.0.113.7/24"}},
	}}}
	e.by["route"].Properties["resource_config"] = values{"kwargs": values{"DestinationCidrBlock": "192.0.2.7/24"}}
	b.install(t, e)
	if got := e.by["route"].Runtime["DestinationCidrBlock"]; got != "192.0.2.0/24" {
		t.Errorf("DestinationCidrBlock = %v, want it as EC2 keeps it", got)
	}
	b.uninstall(t, e)
	if left := b.listed(t); len(left) > 0 {
		t.Errorf("left after uninstall: %q", left)
	}
}

func TestCheck(t *testing.T) {
	p := aws.New(aws.Options{})
	vpc := &orchestrator.Node{ID: "vpc", Type: typeOf("Vpc"), TypeHierarchy: []string{"cloudify.nodes.Root", typeOf("Vpc")}}
	cases := map[string]struct {
		reason    string
		node      *orchestrator.Node
		function  string
		rehearsal bool
		says      string
	}{
		"OK":           {reason: "known type and function", node: vpc, function: resources + "vpc.create"},
		"ErrType":      {reason: "a type without a row", node: &orchestrator.Node{Type: "cloudify.nodes.aws.sns.Topic"}, function: "x.create", says: "does not provide the AWS type cloudify.nodes.aws.sns.Topic"},
		"ErrFunction":  {reason: "a function that the type lacks", node: vpc, function: resources + "vpc.explode", says: `no operation "explode"`},
		"ErrRehearsal": {reason: "nothing rehearses here", node: vpc, function: resources + "vpc.create", rehearsal: true, says: "SLIPWAY_REHEARSAL"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := p.Check(tc.node, orchestrator.Operation{Function: tc.function}, tc.rehearsal)
			if tc.says == "" && err != nil || tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says)) {
				t.Errorf("%s: error = %v, want %q", tc.reason, err, tc.says)
			}
		})
	}
}
