package ssh

import (
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// target is where to connect and as whom. It is opened here, on the way to the
// far end, and never printed.
type target struct {
	host           string
	port           int
	user           string
	key, password  string
	connectTimeout time.Duration
}

func (t target) address() string { return net.JoinHostPort(t.host, strconv.Itoa(t.port)) }

const (
	defaultPort           = 22
	defaultConnectTimeout = 10 * time.Second
)

// readTarget reads fabric_env.
func readTarget(call *provider.Call, env map[string]orchestrator.Value) (target, error) {
	kwargs := provider.Mapping(env["connect_kwargs"])
	t := target{port: defaultPort, connectTimeout: defaultConnectTimeout}
	t.host, t.user = firstText(env["host"], env["host_string"]), firstText(env["user"])
	if user, host, ok := strings.Cut(t.host, "@"); ok {
		t.host = host
		if t.user == "" {
			t.user = user
		}
	}
	if host, port, err := net.SplitHostPort(t.host); err == nil {
		t.host = host
		if t.port, err = strconv.Atoi(port); err != nil || t.port < 1 || t.port > 65535 {
			return target{}, invalid("fabric_env", "fabric_env.host does not end with a port")
		}
	}
	if t.host == "" {
		t.host = hostAddress(call)
	}
	if t.host == "" {
		return target{}, invalid("fabric_env", "fabric_env.host is empty and no host of the node has an ip; give the machine's address")
	}
	if t.user == "" {
		return target{}, invalid("fabric_env", "fabric_env.user is empty; give the login user, for example ubuntu")
	}
	if port := env["port"]; port != nil {
		n, err := number(port)
		if err != nil || n < 1 || n > 65535 {
			return target{}, invalid("fabric_env", "fabric_env.port is not a port")
		}
		t.port = int(n)
	}
	if seconds := firstOf(env["connect_timeout"], env["timeout"]); seconds != nil {
		n, err := number(seconds)
		if err != nil || n <= 0 {
			return target{}, invalid("fabric_env", "fabric_env.connect_timeout is not a number of seconds")
		}
		t.connectTimeout = time.Duration(n * float64(time.Second))
	}
	t.key = keyText(firstText(kwargs["pkey"], env["pkey"], env["key"]))
	t.password = firstText(kwargs["password"], env["password"])
	if t.key == "" && t.password == "" {
		if firstText(kwargs["key_filename"], env["key_filename"]) != "" {
			return target{}, invalid("fabric_env", "fabric_env.key_filename names a file of the server, which scripts may not use; give the key's text as fabric_env.key: { get_secret: private_key_content }")
		}
		return target{}, invalid("fabric_env", "fabric_env has neither key nor password; give key: { get_secret: private_key_content }")
	}
	return t, nil
}

// keyText accepts a key with escaped line ends and without the last one.
func keyText(text string) string {
	if text == "" {
		return ""
	}
	text = strings.ReplaceAll(text, `\n`, "\n")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.TrimSpace(text) + "\n"
}

// hostAddress climbs to the machine that the instance is contained in.
func hostAddress(call *provider.Call) string {
	at := call.Self
	if at == nil {
		at = call.Source
		if call.OnTarget {
			at = call.Target
		}
	}
	for depth := 0; at != nil && depth < 32; depth++ {
		for _, key := range []string{"public_ip_address", "public_ip", "ip"} {
			if ip := provider.Text(at.Get(key)); ip != "" {
				return ip
			}
		}
		at = containerOf(at)
	}
	return ""
}

func containerOf(instance *provider.Instance) *provider.Instance {
	for _, related := range instance.Relationships {
		if related.Is("cloudify.relationships.contained_in") {
			return related.Target
		}
	}
	return nil
}
