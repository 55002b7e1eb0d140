package ssh

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// hostKeysProperty is the runtime property that holds, by address, the host key
// that was met first: {"10.0.0.1:22": {"key": "ssh-ed25519 AAAA…", "execution": …}}.
const hostKeysProperty = "ssh_host_keys"

// newLife lists the workflows that make instances anew, perhaps on a new machine
// with the old address: what an earlier execution recorded does not bind them.
var newLife = []string{"install", "reinstall", "heal"}

// knownKey returns the host key that must be met, or nil before the first
// meeting.
func knownKey(call *provider.Call, address string) (ssh.PublicKey, error) {
	recorded, _ := orchestrator.Reveal(orchestrator.Value(owner(call).Runtime)).(map[string]orchestrator.Value)
	entry, ok := orchestrator.Lookup(recorded, hostKeysProperty, address)
	if !ok {
		return nil, nil
	}
	fields := provider.Mapping(entry)
	if slices.Contains(newLife, call.Execution.Workflow) && firstText(fields["execution"]) != call.Execution.ID {
		return nil, nil
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(firstText(fields["key"])))
	if err != nil {
		return nil, invalid("", "runtime property %s.%s is not a host key; remove it to record the key anew", hostKeysProperty, address)
	}
	return key, nil
}

// recordKey makes the key of a first meeting durable, before anything is run.
func recordKey(ctx context.Context, call *provider.Call, address string, key ssh.PublicKey) error {
	recorded := map[string]orchestrator.Value{}
	for name, value := range provider.Mapping(owner(call).Runtime[hostKeysProperty]) {
		recorded[name] = value
	}
	recorded[address] = map[string]orchestrator.Value{"key": keyLine(key), "execution": call.Execution.ID}
	set := map[string]orchestrator.Value{hostKeysProperty: recorded}
	var err error
	if call.Self != nil {
		err = call.Journal.Set(ctx, set)
	} else {
		err = call.Journal.SetOn(ctx, owner(call).ID, set, nil)
	}
	if err != nil {
		return fmt.Errorf("record host key of %s: %w", address, err)
	}
	return nil
}

// owner is the instance whose operation this is.
func owner(call *provider.Call) *provider.Instance {
	switch {
	case call.Self != nil:
		return call.Self
	case call.OnTarget:
		return call.Target
	default:
		return call.Source
	}
}

func keyLine(key ssh.PublicKey) string {
	return key.Type() + " " + base64.StdEncoding.EncodeToString(key.Marshal())
}

// changedKeyError is what a user must hear when another machine answers.
type changedKeyError struct{ address, was, is string }

func (e *changedKeyError) Error() string {
	return fmt.Sprintf("the machine at %s shows the host key %s, not %s as at first: another machine answers there. "+
		"If it was replaced on purpose, remove its entry from the runtime property %s", e.address, e.is, e.was, hostKeysProperty)
}

// compareKey refuses a key that is not the known one.
func compareKey(address string, known, met ssh.PublicKey) error {
	if known == nil || bytes.Equal(known.Marshal(), met.Marshal()) {
		return nil
	}
	return &changedKeyError{address, ssh.FingerprintSHA256(known), ssh.FingerprintSHA256(met)}
}

// hostKeyAlgorithms asks the machine for the kind of key that is known, so that
// one with several keys shows the right one.
func hostKeyAlgorithms(known ssh.PublicKey) []string {
	if known == nil {
		return nil
	}
	if strings.HasPrefix(known.Type(), "ssh-rsa") {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{known.Type()}
}
