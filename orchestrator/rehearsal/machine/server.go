package machine

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// maxSessions is what OpenSSH allows on one connection.
const maxSessions = 10

// serve speaks SSH on one connection until it ends.
func (m *machine) serve(raw net.Conn, of rehearsal.Machine) {
	defer func() { _ = raw.Close() }()
	stop := context.AfterFunc(m.machines.ctx, func() { _ = raw.Close() })
	defer stop()
	key, err := hostKey(m.id)
	if err != nil {
		return // ed25519 keys always make signers; without one nobody can log in
	}
	config := &ssh.ServerConfig{PublicKeyCallback: authorize(of), ServerVersion: "SSH-2.0-OpenSSH_9.6p1 rehearsal"}
	config.AddHostKey(key)
	conn, channels, requests, err := ssh.NewServerConn(raw, config)
	if err != nil {
		return // the client has been told
	}
	ctx, cancel := context.WithCancel(m.machines.ctx)
	defer cancel()
	var ending sync.WaitGroup
	ending.Go(func() { m.globalRequests(conn, requests) })
	slots := make(chan struct{}, maxSessions)
	for open := range channels {
		if open.ChannelType() != "session" {
			_ = open.Reject(ssh.UnknownChannelType, "only sessions")
			continue
		}
		select {
		case slots <- struct{}{}:
		default:
			_ = open.Reject(ssh.ResourceShortage, "open failed")
			continue
		}
		channel, requests, err := open.Accept()
		if err != nil {
			<-slots
			continue
		}
		ending.Go(func() {
			defer func() { <-slots }()
			m.session(ctx, conn.User(), channel, requests)
		})
	}
	m.sockets.forget(conn)
	cancel()
	ending.Wait()
}

// session runs the one program of a session. The end of the channel ends it;
// what it started in a session of its own (setsid) goes on.
func (m *machine) session(ctx context.Context, user string, channel ssh.Channel, requests <-chan *ssh.Request) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	for request := range requests {
		switch request.Type {
		case "exec":
			var command struct{ Text string }
			if err := ssh.Unmarshal(request.Payload, &command); err != nil {
				_ = request.Reply(false, nil)
				continue
			}
			_ = request.Reply(true, nil)
			running.Go(func() {
				code := m.login(ctx, user, command.Text, channel, channel, channel.Stderr())
				if ctx.Err() == nil {
					_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(code)}))
				}
				_ = channel.Close()
			})
		case "signal":
			cancel()
		case "env":
			_ = request.Reply(true, nil)
		default:
			_ = request.Reply(false, nil)
		}
	}
	cancel()
	_ = channel.Close() // a program that reads standard input sees its end
	running.Wait()
}

// sockets are the listeners that clients forwarded to themselves.
type sockets struct {
	mu sync.Mutex
	// by the socket's path, or "127.0.0.1:port"
	open map[string]*forward
	port uint32
}

type forward struct {
	conn *ssh.ServerConn
	port uint32
}

func newSockets() *sockets { return &sockets{open: map[string]*forward{}, port: 40000} }

func (s *sockets) forget(conn *ssh.ServerConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, f := range s.open {
		if f.conn == conn {
			delete(s.open, name)
		}
	}
}

// globalRequests serves forwarding: a client asks to listen here.
func (m *machine) globalRequests(conn *ssh.ServerConn, requests <-chan *ssh.Request) {
	for request := range requests {
		ok, answer := m.globalRequest(conn, request)
		if request.WantReply {
			_ = request.Reply(ok, answer)
		}
	}
}

func (m *machine) globalRequest(conn *ssh.ServerConn, request *ssh.Request) (bool, []byte) {
	s := m.sockets
	s.mu.Lock()
	defer s.mu.Unlock()
	switch request.Type {
	case "streamlocal-forward@openssh.com", "cancel-streamlocal-forward@openssh.com":
		var socket struct{ Path string }
		if ssh.Unmarshal(request.Payload, &socket) != nil {
			return false, nil
		}
		if request.Type[0] == 'c' {
			delete(s.open, socket.Path)
			return true, nil
		}
		// As in OpenSSH, a connection that is gone leaves its name behind only
		// until somebody removes the file; here its end removes both.
		if s.open[socket.Path] != nil {
			return false, nil
		}
		s.open[socket.Path] = &forward{conn: conn}
		return true, nil
	case "tcpip-forward", "cancel-tcpip-forward":
		var bind struct {
			Host string
			Port uint32
		}
		if ssh.Unmarshal(request.Payload, &bind) != nil {
			return false, nil
		}
		return s.forwardPort(conn, bind.Port, request.Type[0] == 'c')
	case "keepalive@openssh.com":
		return true, nil
	default:
		return false, nil
	}
}

func (s *sockets) forwardPort(conn *ssh.ServerConn, port uint32, cancel bool) (bool, []byte) {
	if cancel {
		delete(s.open, loopback(port))
		return true, nil
	}
	if port == 0 {
		s.port++
		port = s.port
	}
	if s.open[loopback(port)] != nil {
		return false, nil
	}
	s.open[loopback(port)] = &forward{conn: conn, port: port}
	return true, ssh.Marshal(struct{ Port uint32 }{port})
}

func loopback(port uint32) string { return "127.0.0.1:" + strconv.FormatUint(uint64(port), 10) }

var errNobodyListens = errors.New("connection refused")

// connect opens a connection to a forwarded listener.
func (s *sockets) connect(name string) (ssh.Channel, error) {
	s.mu.Lock()
	f := s.open[name]
	s.mu.Unlock()
	if f == nil {
		return nil, errNobodyListens
	}
	kind, payload := "forwarded-streamlocal@openssh.com", ssh.Marshal(struct{ Path, Reserved string }{name, ""})
	if f.port != 0 {
		kind = "forwarded-tcpip"
		payload = ssh.Marshal(struct {
			Host       string
			Port       uint32
			OriginHost string
			OriginPort uint32
		}{"127.0.0.1", f.port, "127.0.0.1", 50000})
	}
	channel, requests, err := f.conn.OpenChannel(kind, payload)
	if err != nil {
		return nil, err
	}
	go ssh.DiscardRequests(requests)
	return channel, nil
}
