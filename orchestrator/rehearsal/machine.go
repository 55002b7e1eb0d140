package rehearsal

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// The cloud of machines, and its kinds. What is on a machine (files, users) has
// Scope = the machine's ID and goes with it.
const (
	MachineCloud   = "machine"
	MachineKind    = "machine"
	machineAddress = "address" // ID: a public address, Scope: the machine's ID
)

// Machine is a virtual machine that answers SSH: a cloud leaf makes it, the
// machine leaf serves it.
type Machine struct {
	ID   string `json:"id"`   // the cloud's instance id, "i-0123…"
	Host string `json:"host"` // its host name
	// PrivateIP is unique only inside its network.
	PrivateIP string `json:"private_ip"`
	// PublicIPs are the addresses that reach it from outside, none of which
	// another machine has.
	PublicIPs []string `json:"public_ips,omitempty"`
	// UserData is the plain cloud-init document, with the authorized keys.
	UserData string `json:"user_data,omitempty"`
	// KeyName and AuthorizedKeys come from the cloud's own key pair, if any.
	KeyName        string   `json:"key_name,omitempty"`
	AuthorizedKeys []string `json:"authorized_keys,omitempty"`
	// Running says that it answers; BootedAt is when sshd will be up, in the
	// time of World.Now.
	Running    bool      `json:"running"`
	BootedAt   time.Time `json:"booted_at"`
	Deployment string    `json:"deployment,omitempty"`
	Instance   string    `json:"instance,omitempty"`
}

// PutMachine writes the machine and makes it known at exactly its public
// addresses.
func PutMachine(tx Tx, machine Machine) error {
	body, err := json.Marshal(machine)
	if err != nil {
		return fmt.Errorf("write machine %s: %w", machine.ID, err)
	}
	known, err := tx.List(Query{Cloud: MachineCloud, Kind: machineAddress, Scope: machine.ID})
	if err != nil {
		return fmt.Errorf("list addresses of machine %s: %w", machine.ID, err)
	}
	for _, old := range known {
		if !slices.Contains(machine.PublicIPs, old.ID) {
			if err := tx.Delete(MachineCloud, machineAddress, old.ID); err != nil {
				return fmt.Errorf("forget address %s: %w", old.ID, err)
			}
		}
	}
	for _, ip := range machine.PublicIPs {
		if err := tx.Put(Object{Cloud: MachineCloud, Kind: machineAddress, ID: ip, Scope: machine.ID}); err != nil {
			return fmt.Errorf("write address %s: %w", ip, err)
		}
	}
	return tx.Put(Object{
		Cloud: MachineCloud, Kind: MachineKind, ID: machine.ID, Name: machine.Host, Scope: machine.PrivateIP,
		Deployment: machine.Deployment, Instance: machine.Instance, State: machineState(machine), Body: body,
	})
}

func machineState(machine Machine) string {
	if machine.Running {
		return "running"
	}
	return "stopped"
}

// GetMachine returns the machine with that id.
func GetMachine(tx Tx, id string) (Machine, bool, error) {
	object, ok, err := tx.Get(MachineCloud, MachineKind, id)
	if err != nil || !ok {
		return Machine{}, false, err
	}
	return readMachine(object)
}

func readMachine(object Object) (Machine, bool, error) {
	var machine Machine
	if err := json.Unmarshal(object.Body, &machine); err != nil {
		return Machine{}, false, fmt.Errorf("read machine %s: %w", object.ID, err)
	}
	return machine, true, nil
}

// FindMachine returns the machine that a public address reaches. A private
// address is good too while only one machine of the world has it.
func FindMachine(tx Tx, address string) (Machine, bool, error) {
	known, ok, err := tx.Get(MachineCloud, machineAddress, address)
	if err != nil {
		return Machine{}, false, fmt.Errorf("find machine at %s: %w", address, err)
	}
	if ok {
		return GetMachine(tx, known.Scope)
	}
	private, err := tx.List(Query{Cloud: MachineCloud, Kind: MachineKind, Scope: address})
	if err != nil || len(private) != 1 {
		return Machine{}, false, err
	}
	return readMachine(private[0])
}

// DeleteMachine removes the machine, everything on it, and the clusters that ran
// on it (their Scope is the machine's id).
func DeleteMachine(tx Tx, id string) error {
	on, err := tx.List(Query{Cloud: MachineCloud, Scope: id})
	if err != nil {
		return fmt.Errorf("list what is on machine %s: %w", id, err)
	}
	for _, object := range on {
		if err := tx.Delete(object.Cloud, object.Kind, object.ID); err != nil {
			return fmt.Errorf("delete %s of machine %s: %w", object.Kind, id, err)
		}
	}
	if err := deleteClustersOf(tx, id); err != nil {
		return err
	}
	return tx.Delete(MachineCloud, MachineKind, id)
}

// deleteClustersOf removes the clusters that the machine owns.
func deleteClustersOf(tx Tx, machineID string) error {
	clusters, err := tx.List(Query{Cloud: KubernetesCloud, Kind: ClusterKind, Scope: machineID})
	if err != nil {
		return fmt.Errorf("list clusters of machine %s: %w", machineID, err)
	}
	for _, cluster := range clusters {
		if err := DeleteCluster(tx, cluster.ID); err != nil {
			return err
		}
	}
	return nil
}
