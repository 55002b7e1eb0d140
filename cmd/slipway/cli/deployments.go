package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

func (c *cli) deployments() *cobra.Command {
	command := group("deployments", "Create, list, read and delete deployments", "",
		c.deploymentsCreate(), c.deploymentsList(), c.deploymentsGet(), c.deploymentsInputs(),
		c.deploymentsValues("outputs", "Show what a deployment's blueprint put out"),
		c.deploymentsValues("capabilities", "Show what a deployment offers: endpoints, credentials"),
		c.deploymentsDelete())
	command.Aliases = []string{"deployment"}
	return command
}

func (c *cli) deploymentsCreate() *cobra.Command {
	var blueprint, display, labels, visibility string
	var inputs []string
	var rehearse bool
	command := &cobra.Command{
		Use: "create ID", Short: "Create a deployment of a blueprint", Args: takes("ID"),
		Long: `Create a deployment: one use of a blueprint with inputs. Nothing is built before
its install workflow runs.

Inputs are name=value, a YAML file, or a JSON map; -i may be repeated, and later
ones win. Texts are turned into the types that the blueprint declares.

Where cloud credentials are missing the deployment is a rehearsal: the same
blueprint and the same code against built-in clouds. --rehearse asks for one even
where the real thing is possible. It never changes afterwards.`,
		Example: `  slipway deployments create app_dev_small -b app -i env_type=dev-small
  slipway deployments create shop -b shop -i inputs.yaml -i '{"replicas": 3}'
  slipway deployments create app_try -b app --rehearse`,
		RunE: func(command *cobra.Command, args []string) error {
			values, err := parseValues(inputs)
			if err != nil {
				return err
			}
			pairs, err := parseLabels(labels)
			if err != nil {
				return err
			}
			body := map[string]any{
				"blueprint_id": blueprint, "inputs": values, "visibility": visibility,
				"display_name": firstOf(display, args[0]), "labels": pairs,
			}
			if rehearse {
				body["rehearsal"] = true
			}
			return c.createDeployment(command, args[0], body)
		},
	}
	flags := command.Flags()
	flags.StringVarP(&blueprint, "blueprint-id", "b", "", "the blueprint to use, its newest version")
	flags.StringArrayVarP(&inputs, "inputs", "i", nil, "name=value, a YAML file, or a JSON map; may be repeated")
	flags.StringVarP(&display, "display-name", "n", "", "a name for people (default: the id)")
	flags.StringVarP(&visibility, "visibility", "l", "tenant", "who sees it: everybody in the team, which is all that there is")
	flags.StringVar(&labels, "labels", "", "labels as key:value,key:value")
	flags.BoolVar(&rehearse, "rehearse", false, "make it a rehearsal even where the real thing is possible")
	return mustGive(command, "blueprint-id")
}

func (c *cli) createDeployment(command *cobra.Command, id string, body map[string]any) error {
	asking, err := c.connect()
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := asking.send(command.Context(), http.MethodPut, in("deployments", id), nil, body, &raw); err != nil {
		return err
	}
	var created struct {
		ID        string `json:"id"`
		Rehearsal bool   `json:"rehearsal"`
	}
	if err := json.Unmarshal(raw, &created); err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	c.noticeRehearsal(created.Rehearsal)
	if c.output.json {
		return c.printObject(raw)
	}
	if err := c.say("Deployment created. The deployment's id is %s", created.ID); err != nil {
		return err
	}
	return c.say("Build it with: slipway executions start install -d %s", created.ID)
}

func (c *cli) deploymentsList() *cobra.Command {
	var l listing
	var blueprint string
	command := l.flags(&cobra.Command{
		Use: "list", Short: "List deployments", Args: takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			return c.list(command, "/deployments", l.query("blueprint_id", blueprint), "Deployments",
				columns("id", "display_name", "blueprint_id", "created_at", "updated_at", "visibility", "tenant_name", "created_by", "labels", "deployment_status", "installation_status", "rehearsal"))
		},
	}, "created_at")
	command.Flags().StringVarP(&blueprint, "blueprint-id", "b", "", "only those of this blueprint")
	return command
}

func (c *cli) deploymentsGet() *cobra.Command {
	return &cobra.Command{
		Use: "get ID", Short: "Show a deployment", Args: takes("ID"),
		RunE: func(command *cobra.Command, args []string) error {
			return c.show(command, in("deployments", args[0]),
				"id", "display_name", "description", "blueprint_id", "created_at", "updated_at", "tenant_name", "created_by", "labels",
				"deployment_status", "installation_status", "latest_execution_workflow_id", "latest_execution_status", "rehearsal")
		},
	}
}

func (c *cli) deploymentsInputs() *cobra.Command {
	return &cobra.Command{
		Use: "inputs ID", Short: "Show the inputs that a deployment was created with", Args: takes("ID"),
		RunE: func(command *cobra.Command, args []string) error {
			asking, err := c.connect()
			if err != nil {
				return err
			}
			inputs := map[string]any{}
			if _, err := c.part(command, asking, args[0], "inputs", &inputs); err != nil {
				return err
			}
			if c.output.json {
				return c.printObject(inputs)
			}
			for _, name := range sortedKeys(inputs) {
				if err := c.say("%s: %s", name, printable(text(inputs[name]))); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// part reads one field of a deployment, says so when it is a rehearsal, and
// reports whether anything of it is installed.
func (c *cli) part(command *cobra.Command, asking *client, id, field string, into any) (installed bool, err error) {
	var answer map[string]json.RawMessage
	query := url.Values{"_include": {field + ",rehearsal,installation_status"}}
	if err := asking.get(command.Context(), in("deployments", id), query, &answer); err != nil {
		return false, err
	}
	c.noticeRehearsal(string(answer["rehearsal"]) == "true")
	if err := json.Unmarshal(answer[field], into); err != nil {
		return false, fmt.Errorf("read the server's answer: %w", err)
	}
	return string(answer["installation_status"]) != `"inactive"`, nil
}

// deploymentsValues is the command for outputs and for capabilities, which the
// API answers alike: definitions with the deployment, values on their own.
func (c *cli) deploymentsValues(what, short string) *cobra.Command {
	return &cobra.Command{
		Use: what + " ID", Short: short, Args: takes("ID"),
		RunE: func(command *cobra.Command, args []string) error {
			asking, err := c.connect()
			if err != nil {
				return err
			}
			definitions := map[string]described{}
			installed, err := c.part(command, asking, args[0], what, &definitions)
			if err != nil {
				return err
			}
			var answer map[string]json.RawMessage
			if err := asking.get(command.Context(), in("deployments", args[0])+"/"+what, nil, &answer); err != nil {
				return err
			}
			var values map[string]any
			if err := json.Unmarshal(answer[what], &values); err != nil {
				return fmt.Errorf("read the server's answer: %w", err)
			}
			shown := make(map[string]described, len(values))
			for name, value := range values {
				shown[name] = described{Value: value, Description: definitions[name].Description}
			}
			switch {
			case len(shown) == 0:
				c.notice("The blueprint of %s declares no %s\n", args[0], what)
			case !installed:
				c.notice("%s is not installed, so values are missing; install it with: slipway executions start install -d %s\n", args[0], args[0])
			}
			return c.printValues(shown)
		},
	}
}

func (c *cli) deploymentsDelete() *cobra.Command {
	var force bool
	command := &cobra.Command{
		Use: "delete ID", Short: "Delete a deployment that was uninstalled", Args: takes("ID"),
		Long: `Delete a deployment with its executions and events. It is refused while an
execution runs, while others use the deployment, and while nodes are live:
uninstall it first. --force deletes it all the same, save under a running
execution; what it made in the cloud then stays there.`,
		RunE: func(command *cobra.Command, args []string) error {
			return c.remove(command, in("deployments", args[0]), url.Values{"force": {fmt.Sprint(force)}}, "Deployment deleted")
		},
	}
	command.Flags().BoolVarP(&force, "force", "f", false, "delete it even with live nodes or dependents")
	return command
}
