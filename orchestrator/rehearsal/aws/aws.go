// Package aws is Amazon EC2 as a rehearsal: networks, addresses and machines of
// an imaginary account, held to the checks that the real one makes (references
// exist, CIDRs nest and do not overlap, deletes are refused while something
// depends on it, client tokens are honoured, states take their time). It answers
// inside the SDK's own pipeline, after retries, signing and throttling. It knows
// no provider; a call that it does not know is an error that says so.
package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// Cloud is the cloud's name in the world.
const Cloud = "aws"

// EC2 answers EC2 requests from a world.
type EC2 struct {
	world *rehearsal.World
	calls map[string]handler
}

// New makes the far end.
func New(world *rehearsal.World) *EC2 { return &EC2{world: world, calls: calls()} }

type inputKey struct{}

// Install puts the far end into an operation's pipeline: the typed input is
// taken at the end of Initialize, the answer given at the start of Deserialize,
// so that everything in between is the SDK's own.
func (e *EC2) Install(stack *middleware.Stack) error {
	take := middleware.InitializeMiddlewareFunc("RehearsalTakeInput",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(middleware.WithStackValue(ctx, inputKey{}, in.Parameters), in)
		})
	if err := stack.Initialize.Add(take, middleware.After); err != nil {
		return fmt.Errorf("install the rehearsal: %w", err)
	}
	answer := middleware.DeserializeMiddlewareFunc("RehearsalAnswer",
		func(ctx context.Context, _ middleware.DeserializeInput, _ middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			var metadata middleware.Metadata
			awsmiddleware.SetRequestIDMetadata(&metadata, requestID)
			result, err := e.serve(ctx, awsmiddleware.GetOperationName(ctx), middleware.GetStackValue(ctx, inputKey{}))
			return middleware.DeserializeOutput{Result: result}, metadata, err
		})
	if err := stack.Deserialize.Add(answer, middleware.Before); err != nil {
		return fmt.Errorf("install the rehearsal: %w", err)
	}
	return nil
}

const requestID = "rehearsal"

// request is one call inside its transaction.
type request struct {
	*rehearsal.Served
	world  *rehearsal.World
	region string
	now    time.Time
}

// handler carries out one operation.
type handler func(r *request, input any) (output any, err error)

// on makes a handler of a typed function.
func on[In, Out any](serve func(*request, *In) (*Out, error)) handler {
	return func(r *request, input any) (any, error) {
		typed, ok := input.(*In)
		if !ok {
			return nil, fmt.Errorf("rehearsal got %T", input)
		}
		return serve(r, typed)
	}
}

// serve carries out one call and shapes its outcome like the real API.
func (e *EC2) serve(ctx context.Context, operation string, input any) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, &smithy.CanceledError{Err: err}
	}
	call := "ec2." + operation
	handle, known := e.calls[operation]
	var output any
	err := e.world.Serve(ctx, Cloud, call, func(served *rehearsal.Served) error {
		if !known {
			return rehearsal.Refuse(400, "Rehearsal.UnknownCall", "the rehearsal does not know %s", call)
		}
		if region := awsmiddleware.GetRegion(ctx); !slices.Contains(regions(), region) {
			return rehearsal.Refuse(400, "Rehearsal.UnknownRegion", "the rehearsal has no region %q; it has %s", region, strings.Join(regions(), ", "))
		}
		r := &request{Served: served, world: e.world, region: awsmiddleware.GetRegion(ctx), now: e.world.Now()}
		var err error
		output, err = handle(r, input)
		return err
	})
	if ctx.Err() != nil {
		// The client has gone, whatever became of the request.
		return nil, &smithy.CanceledError{Err: ctx.Err()}
	}
	if err != nil {
		return nil, shape(operation, err)
	}
	return output, nil
}

// regions are those that every account may use without asking.
func regions() []string {
	return []string{
		"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1",
		"eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3",
		"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
	}
}

// calls lists what this far end knows.
func calls() map[string]handler {
	return map[string]handler{
		"CreateVpc":    on(createVpc),
		"DescribeVpcs": on(describeVpcs),
		"DeleteVpc":    on(deleteVpc),

		"CreateInternetGateway":    on(createInternetGateway),
		"DescribeInternetGateways": on(describeInternetGateways),
		"AttachInternetGateway":    on(attachInternetGateway),
		"DetachInternetGateway":    on(detachInternetGateway),
		"DeleteInternetGateway":    on(deleteInternetGateway),

		"CreateSubnet":              on(createSubnet),
		"DescribeSubnets":           on(describeSubnets),
		"DescribeAvailabilityZones": on(describeAvailabilityZones),
		"ModifySubnetAttribute":     on(modifySubnetAttribute),
		"DeleteSubnet":              on(deleteSubnet),

		"CreateSecurityGroup":           on(createSecurityGroup),
		"DescribeSecurityGroups":        on(describeSecurityGroups),
		"AuthorizeSecurityGroupIngress": on(authorizeIngress),
		"RevokeSecurityGroupIngress":    on(revokeIngress),
		"DeleteSecurityGroup":           on(deleteSecurityGroup),

		"CreateRouteTable":       on(createRouteTable),
		"DescribeRouteTables":    on(describeRouteTables),
		"AssociateRouteTable":    on(associateRouteTable),
		"DisassociateRouteTable": on(disassociateRouteTable),
		"DeleteRouteTable":       on(deleteRouteTable),
		"CreateRoute":            on(createRoute),
		"DeleteRoute":            on(deleteRoute),

		"AllocateAddress":     on(allocateAddress),
		"DescribeAddresses":   on(describeAddresses),
		"AssociateAddress":    on(associateAddress),
		"DisassociateAddress": on(disassociateAddress),
		"ReleaseAddress":      on(releaseAddress),

		"CreateNetworkInterface":    on(createNetworkInterface),
		"DescribeNetworkInterfaces": on(describeNetworkInterfaces),
		"AttachNetworkInterface":    on(attachNetworkInterface),
		"DetachNetworkInterface":    on(detachNetworkInterface),
		"DeleteNetworkInterface":    on(deleteNetworkInterface),

		"RunInstances":       on(runInstances),
		"DescribeInstances":  on(describeInstances),
		"StartInstances":     on(startInstances),
		"StopInstances":      on(stopInstances),
		"TerminateInstances": on(terminateInstances),
	}
}
