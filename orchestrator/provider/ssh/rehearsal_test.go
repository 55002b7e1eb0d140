package ssh_test

import (
	"strings"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal/machine"
)

// TestRehearsal holds the provider to the same contract on a rehearsed machine.
func TestRehearsal(t *testing.T) {
	suite(t, func(t *testing.T) *peer {
		world := rehearsal.New(rehearsal.Config{})
		key, public := newKey(t)
		address := addMachine(t, world, "i-0123", public)
		servers := machine.New(world)
		t.Cleanup(func() { servers.Close() })
		p := &peer{host: address, port: 22, user: "ubuntu", key: key, base: "/home/ubuntu", rehearsal: true, dial: servers.DialContext}
		p.reboot = func() {
			servers.Close()
			servers = machine.New(world)
			p.dial = servers.DialContext
		}
		return p
	})
}

// addMachine makes a machine as a cloud would and returns its address.
func addMachine(t *testing.T, world *rehearsal.World, id string, key gossh.PublicKey) string {
	t.Helper()
	var address string
	err := world.State.Update(t.Context(), func(tx rehearsal.Tx) error {
		var err error
		if address, err = rehearsal.NewAddress(tx); err != nil {
			return err
		}
		line := strings.TrimSpace(string(gossh.MarshalAuthorizedKey(key)))
		return rehearsal.PutMachine(tx, rehearsal.Machine{
			ID: id, Host: "ip-10-0-0-5", PrivateIP: "10.0.0.5", PublicIPs: []string{address}, Running: true,
			UserData: "#cloud-config\nssh_authorized_keys:\n  - " + line + "\n", BootedAt: time.Now().Add(-time.Hour), Deployment: "app_dev",
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return address
}
