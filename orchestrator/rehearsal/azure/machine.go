package azure

import (
	"encoding/base64"

	"github.com/google/uuid"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// checkMachine: a machine has an image or a disk, a size, an administrator, and
// interfaces that no other machine has.
func checkMachine(a *act, properties document) error {
	cards := list(properties, "networkProfile", "networkInterfaces")
	switch {
	case len(cards) == 0:
		return badRequest("NetworkProfileValidationError", "The virtual machine %s must have at least one network interface.", a.target.name)
	case text(properties, "hardwareProfile", "vmSize") == "":
		return badRequest("InvalidParameter", "Required parameter 'vmSize' is missing (null).")
	case text(properties, "storageProfile", "osDisk", "vhd", "uri") != "":
		return badRequest("OperationNotAllowed", "Virtual machines with unmanaged disks are retired.")
	case field(properties, "storageProfile", "imageReference") == nil:
		return badRequest("InvalidParameter", "Required parameter 'imageReference' is missing (null).")
	case text(properties, "osProfile", "adminUsername") == "":
		return badRequest("InvalidParameter", "Required parameter 'osProfile.adminUsername' is missing (null).")
	case len(list(properties, "osProfile", "linuxConfiguration", "ssh", "publicKeys")) == 0 && a.secrets["adminpassword"] == "":
		return badRequest("InvalidParameter", "Authentication using either SSH or a user name and password must be enabled in the Linux profile.")
	}
	for _, card := range cards {
		users, err := a.users(mustParse(text(card, "id")).id)
		if err != nil {
			return err
		}
		for _, user := range users {
			if user != a.target.id {
				return badRequest("NicInUse", "Network Interface %s is used by existing resource %s.", text(card, "id"), user)
			}
		}
	}
	return nil
}

// fillMachine makes the machine that answers SSH.
func fillMachine(a *act, s *stored) error {
	properties := rehearsal.Part(s.Resource, "properties")
	if properties["vmId"] == nil {
		properties["vmId"] = uuid.NewString()
	}
	machine := rehearsal.Machine{
		ID: a.target.id, Host: text(properties, "osProfile", "computerName"), Running: true, BootedAt: s.ReadyAt,
		Deployment: text(s.Resource, "tags", rehearsal.TagDeployment), Instance: text(s.Resource, "tags", rehearsal.TagInstance),
	}
	if data, err := base64.StdEncoding.DecodeString(a.secrets["customdata"]); err == nil {
		machine.UserData = string(data)
	}
	for _, key := range list(properties, "osProfile", "linuxConfiguration", "ssh", "publicKeys") {
		machine.AuthorizedKeys = append(machine.AuthorizedKeys, text(key, "keyData"))
	}
	for _, card := range list(properties, "networkProfile", "networkInterfaces") {
		if err := a.addAddresses(&machine, text(card, "id")); err != nil {
			return err
		}
	}
	return rehearsal.PutMachine(a.Tx, machine)
}

func (a *act) addAddresses(machine *rehearsal.Machine, card string) error {
	found, _, err := a.load(mustParse(card))
	if err != nil {
		return err
	}
	for _, each := range list(found.Resource, "properties", "ipConfigurations") {
		if machine.PrivateIP == "" {
			machine.PrivateIP = text(each, "properties", "privateIPAddress")
		}
		id := text(each, "properties", "publicIPAddress", "id")
		if id == "" {
			continue
		}
		public, _, err := a.load(mustParse(id))
		if err != nil {
			return err
		}
		machine.PublicIPs = append(machine.PublicIPs, text(public.Resource, "properties", "ipAddress"))
	}
	return nil
}

func endMachine(a *act, s stored) error {
	return rehearsal.DeleteMachine(a.Tx, text(s.Resource, "id"))
}
