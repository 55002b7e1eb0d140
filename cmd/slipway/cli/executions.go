package cli

import (
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

func (c *cli) executions() *cobra.Command {
	command := group("executions", "Start, follow and cancel workflows", "",
		c.executionsStart(), c.executionsList(), c.executionsGet(), c.executionsCancel())
	command.Aliases = []string{"execution"}
	return command
}

// startFlags say how to start a workflow.
type startFlags struct {
	deployment     string
	parameters     []string
	force, custom  bool
	timeout        int // seconds; 0: none
	waitAfterFail  int // seconds
	includeLogs    bool
	noLogs, noWait bool
}

func (c *cli) executionsStart() *cobra.Command {
	var given startFlags
	command := &cobra.Command{
		Use: "start WORKFLOW", Short: "Run a workflow on a deployment, and follow it", Args: takes("WORKFLOW"),
		Long: `Run a workflow (install, uninstall, …) on a deployment and follow its log until it
ends. The exit code is 0 when it ended well, 1 when it failed or was cancelled.

Ctrl+C stops following, not the execution: the message says how to follow it
again and how to cancel it.`,
		Example: `  slipway executions start install -d app_dev_small
  slipway executions start uninstall -d app_dev_small --no-logs
  slipway executions start scale -d shop -p node_id=vm -p delta=2`,
		RunE: func(command *cobra.Command, args []string) error { return c.start(command, args[0], given) },
	}
	flags := command.Flags()
	flags.StringVarP(&given.deployment, "deployment-id", "d", "", "the deployment")
	flags.StringArrayVarP(&given.parameters, "parameters", "p", nil, "name=value, a YAML file, or a JSON map; may be repeated")
	flags.BoolVarP(&given.force, "force", "f", false, "start even where the workflow is not available, others depend on the deployment, or another execution runs")
	flags.BoolVar(&given.custom, "allow-custom-parameters", false, "accept parameters that the workflow does not declare")
	flags.IntVar(&given.timeout, "timeout", 0, "follow for at most this many seconds (default: until it ends)")
	flags.IntVar(&given.waitAfterFail, "wait-after-fail", 600, "seconds for which branches that do not depend on a failure go on")
	flags.BoolVar(&given.includeLogs, "include-logs", true, "print log lines")
	flags.BoolVar(&given.noLogs, "no-logs", false, "print events only, no log lines")
	command.MarkFlagsMutuallyExclusive("include-logs", "no-logs")
	flags.BoolVar(&given.noWait, "no-wait", false, "start it and do not follow")
	return mustGive(command, "deployment-id")
}

func (c *cli) start(command *cobra.Command, workflow string, given startFlags) error {
	parameters, err := parseValues(given.parameters)
	if err != nil {
		return err
	}
	ctx := command.Context()
	asking, err := c.connect()
	if err != nil {
		return err
	}
	var x execution
	if err := asking.send(ctx, http.MethodPost, "/executions", nil, map[string]any{
		"deployment_id": given.deployment, "workflow_id": workflow, "parameters": parameters,
		"allow_custom_parameters": given.custom, "force": given.force, "wait_after_fail": given.waitAfterFail,
	}, &x); err != nil {
		return err
	}
	c.noticeRehearsal(x.Rehearsal)
	if err := c.say("Executing workflow `%s` on deployment `%s`; the execution's id is %s", workflow, given.deployment, x.ID); err != nil {
		return err
	}
	if given.noWait {
		if c.output.json {
			return c.printObject(x.raw)
		}
		return c.say("Follow it with: slipway events list %s --tail", x.ID)
	}
	ended, err := c.follow(ctx, asking, x, following{
		query: eventsQuery(x.ID, given.includeLogs && !given.noLogs), timeout: time.Duration(given.timeout) * time.Second,
		quiet: c.output.json, // the output is the execution and nothing else
	})
	if err != nil {
		return err
	}
	if c.output.json {
		if err := c.printObject(ended.raw); err != nil {
			return err
		}
	}
	if err := ended.outcome(); err != nil {
		return err
	}
	return c.say("Finished executing workflow `%s` on deployment `%s`", workflow, given.deployment)
}

func (c *cli) executionsList() *cobra.Command {
	var l listing
	var deployment string
	command := l.flags(&cobra.Command{
		Use: "list", Short: "List executions", Args: takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			return c.list(command, "/executions", l.query("deployment_id", deployment), "Executions",
				columns("id", "workflow_id", "status=status_display", "deployment_id", "created_at", "started_at", "ended_at", "tenant_name", "created_by", "rehearsal"))
		},
	}, "created_at")
	command.Flags().StringVarP(&deployment, "deployment-id", "d", "", "only those of this deployment")
	return command
}

func (c *cli) executionsGet() *cobra.Command {
	return &cobra.Command{
		Use: "get ID", Short: "Show an execution", Args: takes("ID"),
		RunE: func(command *cobra.Command, args []string) error {
			return c.show(command, in("executions", args[0]),
				"id", "workflow_id", "status=status_display", "error", "deployment_id", "blueprint_id", "created_at", "started_at", "ended_at",
				"total_operations", "finished_operations", "parameters", "tenant_name", "created_by", "rehearsal")
		},
	}
}

func (c *cli) executionsCancel() *cobra.Command {
	var force, kill bool
	command := &cobra.Command{
		Use: "cancel ID", Short: "Cancel an execution", Args: takes("ID"),
		Long: `Cancel an execution and everything below it: operations that run are left to
finish and awaited, nothing new starts. What was built stays; uninstall it when
it is not wanted.`,
		RunE: func(command *cobra.Command, args []string) error {
			action := "cancel"
			switch {
			case kill:
				action = "kill"
			case force:
				action = "force-cancel"
			}
			return c.cancel(command, args[0], action)
		},
	}
	flags := command.Flags()
	flags.BoolVarP(&force, "force", "f", false, "do not wait for operations that run, where the server can do that")
	flags.BoolVarP(&kill, "kill", "k", false, "end it at once, where the server can do that")
	command.MarkFlagsMutuallyExclusive("force", "kill")
	return command
}

func (c *cli) cancel(command *cobra.Command, id, action string) error {
	asking, err := c.connect()
	if err != nil {
		return err
	}
	var x execution
	if err := asking.send(command.Context(), http.MethodPost, in("executions", id), nil, map[string]string{"action": action}, &x); err != nil {
		return err
	}
	c.noticeRehearsal(x.Rehearsal)
	if c.output.json {
		return c.printObject(x.raw)
	}
	return c.say("A cancel request for execution %s has been sent. Operations that run are awaited; follow it with: slipway events list %s --tail", id, id)
}
