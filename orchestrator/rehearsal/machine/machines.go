package machine

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.yaml.in/yaml/v3"
	"golang.org/x/crypto/ssh"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// Machines serves the world's machines to one server.
type Machines struct {
	world *rehearsal.World
	// owner names this server in file locks.
	owner string
	// lockLife is how long a lock of another server may stand still.
	lockLife time.Duration
	ctx      context.Context
	cancel   context.CancelFunc

	mu      sync.Mutex
	running map[string]*machine // by id
}

// New returns the machines of the world. Close them with the server.
func New(world *rehearsal.World) *Machines {
	ctx, cancel := context.WithCancel(context.Background())
	return &Machines{world: world, owner: rand.Text(), lockLife: lockLife, ctx: ctx, cancel: cancel, running: map[string]*machine{}}
}

// Close ends every program, as pulling the plug would: once it has returned,
// nothing more is written. Unlike a server that dies, it gives up its locks, so
// that the next one need not wait until they are known to be dead.
func (m *Machines) Close() {
	m.cancel()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, running := range m.running {
		running.disk.unplug()
	}
}

// DialContext connects to the SSH server of the machine at the address, with
// the errors of a network: refused where nothing listens, unreachable where no
// machine is.
func (m *Machines) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial rehearsed machine: %w", err)
	}
	refused := func(errno syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: network, Addr: tcpAddress(host), Err: errno}
	}
	var found rehearsal.Machine
	var ok bool
	err = m.world.State.View(ctx, func(tx rehearsal.Tx) error {
		found, ok, err = rehearsal.FindMachine(tx, host)
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("find rehearsed machine: %w", err)
	case !ok:
		return nil, refused(syscall.EHOSTUNREACH)
	case !found.Running || port != "22" || !m.world.Due(found.BootedAt):
		return nil, refused(syscall.ECONNREFUSED)
	}
	client, server := newPipe(tcpAddress("198.18.0.1"), tcpAddress(host))
	running := m.boot(found)
	go func() {
		defer m.hangUp(running)
		running.serve(server, found)
	}()
	return client, nil
}

func tcpAddress(host string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(host), Port: 22} }

// boot returns the machine for one more connection; hangUp is its counterpart.
func (m *Machines) boot(of rehearsal.Machine) *machine {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.running[of.ID]
	if known == nil {
		known = newMachine(m, of)
		m.running[of.ID] = known
	}
	known.connections++
	return known
}

// hangUp forgets a machine that nobody is connected to and on which nothing
// runs: all that it is, is in the world.
func (m *Machines) hangUp(of *machine) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of.connections--
	if of.connections == 0 && of.disk.idle() {
		delete(m.running, of.id)
	}
}

// machine is a machine as this server runs it.
type machine struct {
	machines *Machines
	world    *rehearsal.World
	id, host string
	disk     *disk
	sockets  *sockets
	table    map[string]func(*command) int
	// connections is guarded by Machines.mu.
	connections int
}

func newMachine(m *Machines, of rehearsal.Machine) *machine {
	return &machine{
		machines: m, world: m.world, id: of.ID, host: of.Host,
		disk: newDisk(m, of.ID), sockets: newSockets(), table: commands(),
	}
}

// hostKey is the machine's own key: the same for every server, another for a
// new machine at the same address.
func hostKey(id string) (ssh.Signer, error) {
	seed := sha256.Sum256([]byte("rehearsed host key of " + id))
	return ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed[:]))
}

var errUnknownKey = errors.New("the key is not among the user's authorized keys")

// imageUser is the one account of Ubuntu's image that keys are written for.
const imageUser = "ubuntu"

// authorize admits the image's user by the keys that cloud-init wrote.
func authorize(of rehearsal.Machine) func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) {
	known := append(cloudInitKeys(of.UserData), of.AuthorizedKeys...)
	return func(who ssh.ConnMetadata, offered ssh.PublicKey) (*ssh.Permissions, error) {
		if who.User() != imageUser {
			return nil, errUnknownKey
		}
		for _, line := range known {
			key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
			if err == nil && string(key.Marshal()) == string(offered.Marshal()) {
				return nil, nil
			}
		}
		return nil, errUnknownKey
	}
}

// cloudInitKeys reads ssh_authorized_keys of a cloud-config document, its own
// and those of its users.
func cloudInitKeys(userData string) []string {
	if !strings.HasPrefix(userData, "#cloud-config") {
		return nil
	}
	type keys struct {
		Keys []string `yaml:"ssh_authorized_keys"`
	}
	var document struct {
		keys  `yaml:",inline"`
		Users []yaml.Node `yaml:"users"`
	}
	if yaml.Unmarshal([]byte(userData), &document) != nil {
		return nil // cloud-init ignores what it cannot read, and nobody gets in
	}
	out := document.Keys
	for _, node := range document.Users {
		var user keys
		if node.Decode(&user) == nil {
			out = append(out, user.Keys...)
		}
	}
	return out
}
