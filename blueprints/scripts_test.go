package blueprints

import (
	"context"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

const (
	testSecret = `pa'ss"wo\rd`
	testUser   = "psql\nadmin"
	// The kubeconfig of a test holds the secret where a key would be.
	testKubeconfig = `{"server":"https://127.0.0.1:32771","key":"` + "k3y-0f-the-cluster" + `"}`
	testKey        = "k3y-0f-the-cluster"
)

// ran is one external command with what came on its standard input.
type ran struct {
	args  []string
	stdin string
}

// runScript runs a bundled script and records its external commands, which
// answer as answer says. They succeed, but on a fresh machine the user is not
// there yet and neither is a program that is to be installed.
func runScript(t *testing.T, name string, fresh bool) []ran {
	t.Helper()
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(mustRead(name)), name)
	if err != nil {
		t.Fatal(err)
	}
	var commands []ran
	record := func(interp.ExecHandlerFunc) interp.ExecHandlerFunc {
		return func(ctx context.Context, args []string) error {
			shell := interp.HandlerCtx(ctx)
			command := ran{args: args}
			if readsInput(args) {
				input, err := io.ReadAll(shell.Stdin)
				if err != nil {
					return err
				}
				command.stdin = string(input)
			}
			commands = append(commands, command)
			if fresh && (args[0] == "id" || slices.Equal(args, []string{"sha256sum", "--check", "--status"})) {
				return interp.ExitStatus(1)
			}
			_, err := io.WriteString(shell.Stdout, answer(args))
			return err
		}
	}
	runner, err := interp.New(
		interp.Env(expand.ListEnviron(
			"k8s_ip=203.0.113.7", "kubernetes_version=v1.37.0",
			"master_username="+testUser, "master_password="+testSecret,
			"access_key_id=minio", "secret_access_key="+testSecret,
			"bucket_name=abcdefbucket", "bucket_region=us-east-1",
		)),
		interp.StdIO(strings.NewReader(""), io.Discard, os.Stderr),
		interp.ExecHandlers(record),
	)
	if err != nil {
		t.Fatal(err)
	}
	if err := runner.Run(t.Context(), file); err != nil {
		t.Fatalf("run %s: %v", name, err)
	}
	return commands
}

func readsInput(args []string) bool {
	line := strings.Join(args, " ")
	return slices.ContainsFunc([]string{"tee ", "psql ", "mc --quiet alias", "ctx --stdin", "sha256sum"}, func(part string) bool {
		return strings.Contains(line, part)
	})
}

func answer(args []string) string {
	line := strings.Join(args, " ")
	switch {
	case args[0] == "mktemp":
		return "/tmp/tmp.fetched\n"
	case strings.Contains(line, "jsonpath="):
		return "https://127.0.0.1:32771"
	case strings.Contains(line, "kubectl config view"):
		return testKubeconfig + "\n"
	default:
		return ""
	}
}

// eachScript runs every script on a fresh machine and on one where it ran
// before.
func eachScript(t *testing.T, check func(t *testing.T, name string, commands []ran)) {
	t.Helper()
	scripts, err := fs.Glob(FS, "eaas/*/scripts/*.sh")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("find scripts: %d, %v", len(scripts), err)
	}
	for _, name := range scripts {
		t.Run(name+"/Fresh", func(t *testing.T) { check(t, name, runScript(t, name, true)) })
		t.Run(name+"/Again", func(t *testing.T) { check(t, name, runScript(t, name, false)) })
	}
}

// TestScriptsKeepSecretsOutOfArguments looks at what everybody on the machine
// could see in the process list.
func TestScriptsKeepSecretsOutOfArguments(t *testing.T) {
	eachScript(t, func(t *testing.T, _ string, commands []ran) {
		if len(commands) == 0 {
			t.Fatal("the script does nothing")
		}
		for _, command := range commands {
			for _, arg := range command.args {
				if strings.Contains(arg, testSecret) || strings.Contains(arg, testKey) {
					t.Errorf("%s has a secret among its arguments", command.args[0])
				}
			}
		}
	})
}

// TestScriptInputs compares what the scripts hand to programs by standard
// input, secrets quoted for the reader.
func TestScriptInputs(t *testing.T) {
	cases := map[string]struct {
		reason string
		script string
		prefix string // the command's beginning
		want   string
	}{
		"Kubeconfig": {
			"the server is named by its public address",
			"eaas/minikube/scripts/start-minikube.sh", "ctx --stdin",
			`@{"server":"https://203.0.113.7:8443","key":"k3y-0f-the-cluster"}`,
		},
		"Role": {
			"a quote in a psql variable is doubled, a line's end written as two letters",
			"eaas/aws_psql/scripts/configure-psql.sh", "sudo -u postgres psql",
			`\set name 'psql\nadmin'
\set password 'pa''ss"wo\\rd'
SELECT format('CREATE ROLE %I', :'name')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" LOGIN CREATEDB CREATEROLE PASSWORD :'password';
`,
		},
		"ServerSettings": {
			"a value in double quotes has its quotes and backslashes escaped",
			"eaas/minio/scripts/configure-server.sh", "sudo tee /etc/default/minio",
			`MINIO_ROOT_USER="minio"
MINIO_ROOT_PASSWORD="pa'ss\"wo\\rd"
MINIO_SITE_REGION="us-east-1"
`,
		},
		"ClientKeys": {
			"mc reads one key a line",
			"eaas/minio/scripts/configure-client.sh", "mc --quiet alias set",
			"minio\n" + testSecret + "\n",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, command := range runScript(t, tc.script, true) {
				if strings.HasPrefix(strings.Join(command.args, " "), tc.prefix) {
					if diff := cmp.Diff(tc.want, command.stdin); diff != "" {
						t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
					}
					return
				}
			}
			t.Errorf("%s runs no %q", tc.script, tc.prefix)
		})
	}
}

// TestShellcheck asks the linter of shells, where there is one.
func TestShellcheck(t *testing.T) {
	linter, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("no shellcheck on this machine")
	}
	scripts, err := filepath.Glob("eaas/*/scripts/*.sh")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("find scripts: %d, %v", len(scripts), err)
	}
	// SC2154: what is not assigned in a script comes as an input.
	out, err := exec.CommandContext(t.Context(), linter, append([]string{"--exclude=SC2154"}, scripts...)...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestDocumentedCommands holds the table of docs/blueprints.md, from which the
// rehearsal's machines are written, against the scripts.
func TestDocumentedCommands(t *testing.T) {
	text, err := os.ReadFile("../docs/blueprints.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "These are all the external commands.")
	if !ok {
		t.Fatal("docs/blueprints.md has no table of commands")
	}
	eachScript(t, func(t *testing.T, name string, commands []ran) {
		script := strings.TrimSuffix(path.Base(name), ".sh")
		for _, command := range commands {
			program := programName(command.args)
			if program != "ctx" && !documented(table, program, script) {
				t.Errorf("docs/blueprints.md does not say that %s runs %s", script, program)
			}
		}
	})
}

// programName looks behind sudo and flock, which run something else.
func programName(args []string) string {
	switch args[0] {
	case "flock": // flock FILE COMMAND
		return programName(args[2:])
	case "sudo": // sudo [-H] [-u USER] [NAME=VALUE] COMMAND
		rest := args[1:]
		for strings.HasPrefix(rest[0], "-") || strings.Contains(rest[0], "=") {
			if rest[0] == "-u" {
				rest = rest[1:]
			}
			rest = rest[1:]
		}
		return programName(rest)
	default:
		return args[0]
	}
}

// documented reports whether the table has a row for the program that names the
// script in its second column.
func documented(table, program, script string) bool {
	for _, line := range strings.Split(table, "\n") {
		row, ok := strings.CutPrefix(line, "| `"+program)
		if !ok {
			continue
		}
		_, row, _ = strings.Cut(row, " | ")
		users, _, _ := strings.Cut(row, " | ")
		if strings.Contains(users, script) {
			return true
		}
	}
	return false
}
