package ssh

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

type values = map[string]orchestrator.Value

func scriptCall(inputs values) *provider.Call {
	return &provider.Call{
		Function: "fabric_plugin.tasks.run_script",
		Inputs:   inputs,
		Files:    fstest.MapFS{"s.sh": {Data: []byte("#!/bin/sh\r\necho\r\n")}},
		Self: &provider.Instance{ID: "app_1", Relationships: []provider.Related{{
			TypeHierarchy: []string{"cloudify.relationships.contained_in"},
			Target:        &provider.Instance{ID: "vm_1", Runtime: values{"ip": "10.0.0.7"}},
		}}},
	}
}

func TestTarget(t *testing.T) {
	tests := map[string]struct {
		reason string
		env    values
		want   target
		wrong  string
	}{
		"Plain":       {"", values{"host": "10.0.0.1", "user": "u", "key": "k"}, target{host: "10.0.0.1", port: 22, user: "u", key: "k\n", connectTimeout: 10 * time.Second}, ""},
		"HostString":  {"fabric's own short form", values{"host_string": "u@10.0.0.1:2222", "password": "p"}, target{host: "10.0.0.1", port: 2222, user: "u", password: "p", connectTimeout: 10 * time.Second}, ""},
		"KwargsFirst": {"connect_kwargs is nearest", values{"host": "h", "user": "u", "key": "far", "connect_kwargs": values{"pkey": "near"}}, target{host: "h", port: 22, user: "u", key: "near\n", connectTimeout: 10 * time.Second}, ""},
		"EscapedKey":  {"keys lose their line ends on the way through YAML", values{"host": "h", "user": "u", "key": `a\nb\n`}, target{host: "h", port: 22, user: "u", key: "a\nb\n", connectTimeout: 10 * time.Second}, ""},
		"HostOfHost":  {"the machine that the node is contained in", values{"user": "u", "key": "k", "connect_timeout": int64(3)}, target{host: "10.0.0.7", port: 22, user: "u", key: "k\n", connectTimeout: 3 * time.Second}, ""},
		"NoUser":      {"", values{"host": "h", "key": "k"}, target{}, "fabric_env.user is empty"},
		"KeyFile":     {"files of the server are not for scripts", values{"host": "h", "user": "u", "key_filename": "/home/u/.ssh/id"}, target{}, "key_filename names a file of the server"},
		"BadPort":     {"", values{"host": "h", "user": "u", "key": "k", "port": "ssh"}, target{}, "not a port"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := readJob(scriptCall(values{"script_path": "s.sh", "fabric_env": tt.env}))
			if tt.wrong != "" {
				if !provider.IsFatal(err) || !strings.Contains(err.Error(), tt.wrong) {
					t.Errorf("%s: got %v, want a fatal error with %q", tt.reason, err, tt.wrong)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", tt.reason, err)
			}
			if diff := cmp.Diff(tt.want, got.target, cmp.AllowUnexported(target{})); diff != "" {
				t.Errorf("%s: %s", tt.reason, diff)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	j, err := readJob(scriptCall(values{
		"script_path": "s.sh", "fabric_env": values{"host": "h", "user": "u", "key": "k"},
		"plain": "a b", "quote": "it's", "list": []orchestrator.Value{int64(1), "x"}, "yes": true, "number": 1.5, "none": nil,
		"both": "input", "process": values{"env": values{"both": "process"}, "args": []orchestrator.Value{"$x", int64(2)}, "cwd": "/srv", "command_prefix": "nice -n 5"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := `PATH='/r/bin':$PATH
export PATH
CTX_SOCKET_URL='unix:/r/s'
export CTX_SOCKET_URL
CTX_TOKEN='t'
export CTX_TOKEN
both='process'
export both
list='[1,"x"]'
export list
none=''
export none
number='1.5'
export number
plain='a b'
export plain
quote='it'"'"'s'
export quote
yes='true'
export yes
`
	if diff := cmp.Diff(want, environment(j, "/r", ctxAddress{socket: "/r/s", token: "t"})); diff != "" {
		t.Error(diff)
	}
	want = ". \"$1/env\"\nrm -f \"$1/env\"\ncd '/srv' || exit 1\nexec nice -n 5 \"$1/script\" '$x' '2'\n"
	if diff := cmp.Diff(want, body(j, "/r")); diff != "" {
		t.Error(diff)
	}
	if j.script != "#!/bin/sh\necho\n" {
		t.Errorf("line ends of another system stayed: %q", j.script)
	}
}

func TestBadScripts(t *testing.T) {
	tests := map[string]struct {
		reason string
		inputs values
		want   string
	}{
		"URL":     {"scripts come from what was checked at upload", values{"script_path": "https://example.org/x.sh"}, "is a URL"},
		"Absent":  {"", values{"script_path": "nope.sh"}, `the blueprint has no file "nope.sh"`},
		"Escape":  {"", values{"script_path": "../../etc/passwd"}, "is not a file of the blueprint"},
		"NULByte": {"no shell can carry it", values{"script_path": "s.sh", "x": "a\x00b"}, "NUL byte"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.inputs["fabric_env"] = values{"host": "h", "user": "u", "key": "k"}
			_, err := readJob(scriptCall(tt.inputs))
			if !provider.IsFatal(err) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: got %v, want a fatal error with %q", tt.reason, err, tt.want)
			}
		})
	}
}

func TestStream(t *testing.T) {
	var lines []string
	s := &stream{emit: func(line string) { lines = append(lines, line) }}
	for _, piece := range []string{"on", "e\ntw", "o\r\n", "\n", "end"} {
		if _, err := s.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	s.end()
	got := []any{lines, s.offset(), s.tail()}
	if diff := cmp.Diff([]any{[]string{"one", "two", "", "end"}, int64(13), "one / two / end"}, got); diff != "" {
		t.Error(diff)
	}
}
