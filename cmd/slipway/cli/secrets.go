package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func (c *cli) secrets() *cobra.Command {
	command := group("secrets", "Create, read and change secrets", "",
		c.secretsCreate(), c.secretsGet(), c.secretsList(), c.secretsUpdate(), c.secretsDelete())
	command.Aliases = []string{"secret"}
	return command
}

// secretFlags give a secret's value.
type secretFlags struct {
	text, file, visibility string
	hidden, updateIfExists bool
}

func (f *secretFlags) flags(command *cobra.Command) *cobra.Command {
	flags := command.Flags()
	flags.StringVarP(&f.text, "secret-string", "s", "", "the value; others on this machine may see it, so prefer -f")
	flags.StringVarP(&f.file, "secret-file", "f", "", "file with the value; - is standard input")
	flags.BoolVar(&f.hidden, "hidden-value", false, "only admins may read the value")
	command.MarkFlagsMutuallyExclusive("secret-string", "secret-file")
	return command
}

// value reads the value; given is false when the command line has none.
func (f *secretFlags) value(command *cobra.Command, in io.Reader) (value string, given bool, err error) {
	switch {
	case f.file == "-":
		data, err := io.ReadAll(in)
		if err != nil {
			return "", false, fmt.Errorf("read secret: %w", err)
		}
		return withoutLineEnd(string(data)), true, nil
	case f.file != "":
		data, err := os.ReadFile(f.file)
		if err != nil {
			return "", false, fmt.Errorf("read secret: %w", err)
		}
		return withoutLineEnd(string(data)), true, nil
	default:
		return f.text, command.Flags().Changed("secret-string"), nil
	}
}

// withoutLineEnd takes the line end off a value of one line: editors and pipes
// put it there, and no key or password has one. Texts of more lines, such as
// private keys, stay as they are.
func withoutLineEnd(value string) string {
	line := strings.TrimSuffix(strings.TrimSuffix(value, "\n"), "\r")
	if strings.Contains(line, "\n") {
		return value
	}
	return line
}

func (c *cli) secretsCreate() *cobra.Command {
	var given secretFlags
	command := given.flags(&cobra.Command{
		Use: "create KEY", Short: "Store a secret", Args: takes("KEY"),
		Long: `Store a secret. Blueprints read it with get_secret; pages, logs and lists never
show it. A key that exists is refused unless --update-if-exists is given. The line
end after a value of one line is not part of it.`,
		Example: `  slipway secrets create aws_access_key_id -f key-id.txt --update-if-exists
  pass show aws/secret | slipway secrets create aws_secret_access_key -f - --update-if-exists
  slipway secrets create aws_keypair -s team-key`,
		RunE: func(command *cobra.Command, args []string) error {
			value, ok, err := given.value(command, c.in)
			if err != nil {
				return err
			}
			if !ok {
				return usage(command, "a secret needs a value: -f FILE, -f - or -s VALUE")
			}
			return c.putSecret(command, http.MethodPut, args[0], map[string]any{
				"value": value, "visibility": given.visibility,
				"update_if_exists": given.updateIfExists, "is_hidden_value": given.hidden,
			}, "Secret `%s` created")
		},
	})
	command.Flags().StringVarP(&given.visibility, "visibility", "l", "tenant", "who sees it: everybody in the team, which is all that there is")
	command.Flags().BoolVarP(&given.updateIfExists, "update-if-exists", "u", false, "change the secret if there is one")
	return command
}

func (c *cli) secretsUpdate() *cobra.Command {
	var given secretFlags
	return given.flags(&cobra.Command{
		Use: "update KEY", Short: "Change a secret; it keeps its earlier versions", Args: takes("KEY"),
		Example: `  slipway secrets update eaas_params -f eaas_params.json`,
		RunE: func(command *cobra.Command, args []string) error {
			value, ok, err := given.value(command, c.in)
			if err != nil {
				return err
			}
			body := map[string]any{}
			if ok {
				body["value"] = value
			}
			if command.Flags().Changed("hidden-value") {
				body["is_hidden_value"] = given.hidden
			}
			if len(body) == 0 {
				return usage(command, "nothing to change: give -f FILE, -s VALUE or --hidden-value")
			}
			return c.putSecret(command, http.MethodPatch, args[0], body, "Secret `%s` updated")
		},
	})
}

func (c *cli) putSecret(command *cobra.Command, method, key string, body map[string]any, done string) error {
	asking, err := c.connect()
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := asking.send(command.Context(), method, in("secrets", key), nil, body, &raw); err != nil {
		return err
	}
	if c.output.json {
		return c.printObject(raw)
	}
	return c.say(done, key)
}

func (c *cli) secretsGet() *cobra.Command {
	return &cobra.Command{
		Use: "get KEY", Short: "Show a secret with its value; this is written to the audit", Args: takes("KEY"),
		RunE: func(command *cobra.Command, args []string) error {
			return c.show(command, in("secrets", args[0]),
				"key", "value", "created_at", "updated_at", "visibility", "tenant_name", "created_by", "is_hidden_value")
		},
	}
}

func (c *cli) secretsList() *cobra.Command {
	var l listing
	return l.flags(&cobra.Command{
		Use: "list", Short: "List secrets, without values", Args: takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			return c.list(command, "/secrets", l.query(), "Secrets",
				columns("key", "created_at", "updated_at", "visibility", "tenant_name", "created_by", "is_hidden_value"))
		},
	}, "key")
}

func (c *cli) secretsDelete() *cobra.Command {
	return &cobra.Command{
		Use: "delete KEY", Short: "Delete a secret with all its versions", Args: takes("KEY"),
		RunE: func(command *cobra.Command, args []string) error {
			return c.remove(command, in("secrets", args[0]), nil, "Secret removed")
		},
	}
}
