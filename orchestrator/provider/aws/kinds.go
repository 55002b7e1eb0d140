package aws

import (
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

// Node types by their DSL names.
const (
	typeVpc             = "cloudify.nodes.aws.ec2.Vpc"
	typeInternetGateway = "cloudify.nodes.aws.ec2.InternetGateway"
	typeSubnet          = "cloudify.nodes.aws.ec2.Subnet"
	typeSecurityGroup   = "cloudify.nodes.aws.ec2.SecurityGroup"
	typeIngressRule     = "cloudify.nodes.aws.ec2.SecurityGroupRuleIngress"
	typeRouteTable      = "cloudify.nodes.aws.ec2.RouteTable"
	typeRoute           = "cloudify.nodes.aws.ec2.Route"
	typeElasticIP       = "cloudify.nodes.aws.ec2.ElasticIP"
	typeInterface       = "cloudify.nodes.aws.ec2.Interface"
	typeInstances       = "cloudify.nodes.aws.ec2.Instances"
)

// kind is one node type: what it stands for, and what its implementations do.
type kind struct {
	thing func(*client) resource.Resource
	// acts are found by the last segment of an implementation: create of
	// aws.cloudify_aws.ec2.resources.vpc.create.
	acts map[string]act
}

// act is what one implementation does: a verb on the thing, or on what connects
// it (an attachment is a resource with a natural name).
type act struct {
	name    string
	prepare bool // write the parameters down, send nothing
	on      func(*client) resource.Resource
	verb    resource.Verb
	class   resource.Class
	idKey   string
	drop    []string // see resource.Options
	// idle says why there is nothing to do in this call; "" means there is.
	idle func(*provider.Call) string
}

// life is a kind whose create and delete work on the thing itself.
func life[R resource.Resource](open func(*client) R, class resource.Class, idKey string) kind {
	thing := func(c *client) resource.Resource { return open(c) }
	return kind{thing: thing, acts: map[string]act{
		"prepare": {name: "prepare", prepare: true},
		"create":  {name: "create", on: thing, verb: resource.Create, class: class, idKey: idKey},
		"delete":  {name: "delete", on: thing, verb: resource.Delete, class: class, idKey: idKey},
	}}
}

// linked adds two operations that make and remove a connection of the thing.
// Removing it drops the runtime properties that belong to the connection only.
func (k kind) linked(link func(*client) resource.Resource, establish, unlink string, drop ...string) kind {
	if drop == nil {
		drop = []string{} // nil would drop everything
	}
	k.acts[establish] = act{name: establish, on: link, verb: resource.Create, class: resource.Named}
	k.acts[unlink] = act{name: unlink, on: link, verb: resource.Delete, class: resource.Named, drop: drop}
	return k
}

// with adds an operation that brings the thing to what the operation's inputs say.
func (k kind) with(name string, on func(*client) resource.Resource) kind {
	k.acts[name] = act{name: name, on: on, verb: resource.Update, class: resource.Named}
	return k
}

// also gives one of the operations a second name.
func (k kind) also(name, as string) kind {
	act := k.acts[as]
	act.name = name
	k.acts[name] = act
	return k
}

// unless gives operations a reason to do nothing.
func (k kind) unless(idle func(*provider.Call) string, names ...string) kind {
	for _, name := range names {
		act := k.acts[name]
		act.idle = idle
		k.acts[name] = act
	}
	return k
}

// kinds lists every node type of this provider. Creates with a client token are
// preferred; those without one carry only their tags.
func kinds() map[string]kind {
	return map[string]kind{
		typeVpc: life(vpc, resource.Tagged, idKey),
		typeInternetGateway: life(internetGateway, resource.Tagged, idKey).
			linked(gatewayAttachment, "attach", "detach"),
		typeSubnet: life(subnet, resource.Tagged, idKey).
			with("modify_subnet_attribute", subnetAttributes),
		typeSecurityGroup: life(securityGroup, resource.Tagged, idKey).
			linked(ingressRules, "authorize_ingress_rules", "revoke_ingress_rules"),
		typeIngressRule: life(ingressRules, resource.Named, idKey).
			also("authorize_ingress_rules", "create").
			also("revoke_ingress_rules", "delete").
			unless(noRules, "create", "authorize_ingress_rules"),
		typeRouteTable: life(routeTable, resource.Token, idKey).
			linked(subnetAssociations, "attach", "detach", associationIDsKey).
			unless(noSubnets, "attach", "detach"),
		typeRoute: life(route, resource.Named, routeTableIDKey),
		typeElasticIP: life(elasticIP, resource.Tagged, allocationIDKey).
			linked(addressAssociation, "attach", "detach", associationIDKey).
			unless(noPartner, "attach", "detach"),
		typeInterface: life(networkInterface, resource.Token, idKey).
			linked(interfaceAttachment, "attach", "detach", attachmentIDKey).
			unless(noInstance, "attach", "detach"),
		typeInstances: life(instance, resource.Token, idKey).
			with("start", startedInstance).
			with("stop", stoppedInstance).
			unless(willBeTerminated, "stop"),
	}
}
