package aws

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// makeMachine makes the machine that an instance is, seen from inside.
func makeMachine(r *request, i types.Instance, userData string) error {
	public, err := publicAddresses(r, i.InstanceId)
	if err != nil {
		return err
	}
	private := aws.ToString(i.PrivateIpAddress)
	return rehearsal.PutMachine(r.Tx, rehearsal.Machine{
		ID: aws.ToString(i.InstanceId), Host: hostName(private), PrivateIP: private, PublicIPs: public,
		UserData: userData, KeyName: aws.ToString(i.KeyName),
		Running: true, BootedAt: r.world.After(launchLasts + bootLasts),
		Deployment: tagOf(i.Tags, rehearsal.TagDeployment), Instance: tagOf(i.Tags, rehearsal.TagInstance),
	})
}

// publicAddresses are the addresses that the instance's interfaces have.
func publicAddresses(r *request, instanceID *string) ([]string, error) {
	faces, err := interfacesOf(r, instanceID)
	if err != nil {
		return nil, err
	}
	var public []string
	for _, face := range faces {
		if face.Thing.Association != nil {
			public = append(public, aws.ToString(face.Thing.Association.PublicIp))
		}
	}
	return public, nil
}

// refreshMachineOf makes the machine behind an interface known at the addresses
// that it has now.
func refreshMachineOf(r *request, face types.NetworkInterface) error {
	if face.Attachment == nil {
		return nil
	}
	id := face.Attachment.InstanceId
	machine, ok, err := rehearsal.GetMachine(r.Tx, aws.ToString(id))
	if err != nil || !ok {
		return err
	}
	if machine.PublicIPs, err = publicAddresses(r, id); err != nil {
		return err
	}
	return rehearsal.PutMachine(r.Tx, machine)
}

// switchMachine turns the machine on or off. Files stay.
func switchMachine(r *request, id string, running bool) error {
	machine, ok, err := rehearsal.GetMachine(r.Tx, id)
	if err != nil || !ok {
		return err
	}
	machine.Running = running
	if running {
		machine.BootedAt = r.world.After(launchLasts + bootLasts)
	}
	return rehearsal.PutMachine(r.Tx, machine)
}
