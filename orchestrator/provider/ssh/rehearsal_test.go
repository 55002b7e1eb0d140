package ssh_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gossh "golang.org/x/crypto/ssh"

	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal/machine"
)

// TestRehearsal holds the provider to the same contract on a rehearsed machine.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	suite(t, func(t *testing.T) *peer {
		p, _ := rehearsed(t)
		return p
	})
}

// rehearsed is a machine of a world of its own.
func rehearsed(t *testing.T) (*peer, *rehearsal.World) {
	t.Helper()
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
	return p, world
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

// TestSudo needs a machine that lets its user become root, as clouds' images do.
func TestSudo(t *testing.T) {
	p, _ := rehearsed(t)
	r := newRecord()
	script := "#!/bin/bash\nset -eu\nwhoami\necho \"$word\" >/etc/motd\nctx instance runtime-properties seen \"$(cat /etc/motd)\"\n"
	if _, err := p.provider(t).Run(t.Context(), p.call(r, "e-1", script, values{"use_sudo": true, "word": "it's"})); err != nil {
		t.Fatal(err, r.lines)
	}
	if diff := cmp.Diff([]any{[]string{"root"}, "it's"}, []any{r.output("stdout"), r.runtime["seen"]}); diff != "" {
		t.Error(diff)
	}
}

// TestRefusedSudo: what the script would have read must not stay.
func TestRefusedSudo(t *testing.T) {
	p, _ := rehearsed(t)
	p.shell(t, "echo root:x:0: | sudo tee /etc/group")
	_, err := p.provider(t).Run(t.Context(), p.call(newRecord(), "e-1", "#!/bin/sh\n", values{"use_sudo": true, "word": "it's"}))
	if err == nil || !strings.Contains(err.Error(), "not in the sudoers file") {
		t.Errorf("got %v, want a refusal by sudo", err)
	}
	if left := p.shell(t, "ls .slipway/runs/*/0"); strings.Contains(left, "env") {
		t.Errorf("the inputs stayed on the machine: %s", left)
	}
}

// TestRehearsedNetwork says what a network would: nobody there, nobody listens yet.
func TestRehearsedNetwork(t *testing.T) {
	there, world := rehearsed(t)
	stop := func(tx rehearsal.Tx) error {
		known, _, err := rehearsal.FindMachine(tx, there.host)
		if err != nil {
			return err
		}
		known.Running = false
		return rehearsal.PutMachine(tx, known)
	}
	tests := map[string]struct {
		reason string
		host   string
		user   string
		change func(rehearsal.Tx) error
		want   string
	}{
		"NoMachine":   {"", "198.18.7.7", "ubuntu", nil, "no route to host"},
		"UnknownUser": {"cloud-init writes the key for the image's user only", there.host, "centos", nil, "unable to authenticate"},
		"Stopped":     {"", there.host, "ubuntu", stop, "connection refused"},
	}
	for _, name := range []string{"NoMachine", "UnknownUser", "Stopped"} {
		tt := tests[name]
		t.Run(name, func(t *testing.T) {
			if tt.change != nil {
				if err := world.State.Update(t.Context(), tt.change); err != nil {
					t.Fatal(err)
				}
			}
			p := *there
			p.host, p.user = tt.host, tt.user
			_, err := p.provider(t).Run(t.Context(), p.call(newRecord(), "e-1", "#!/bin/sh\n", nil))
			if err == nil || provider.IsFatal(err) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: got %v (fatal %v), want a retryable error with %q", tt.reason, err, provider.IsFatal(err), tt.want)
			}
		})
	}
}
