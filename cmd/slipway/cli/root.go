package cli

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// UsageError is a command line that cannot be understood; the program exits
// with 2.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

func (e *UsageError) Unwrap() error { return e.Err }

// usage is a UsageError that shows the way to the command's help.
func usage(command *cobra.Command, format string, args ...any) error {
	return &UsageError{fmt.Errorf("%s; see %s --help", fmt.Sprintf(format, args...), command.CommandPath())}
}

// cli is what all commands share: the terminal, and the global flags once they
// are parsed.
type cli struct {
	version     string
	bundled     Bundled
	in          io.Reader
	out, errOut io.Writer
	output      outputFlag
	tenant      string
	verbosity   int
}

// New returns the root command with all client commands; the caller adds what
// a server needs. Errors come back from ExecuteContext unprinted: a
// *UsageError, or one sentence for the person who asked.
func New(version string, bundled Bundled, in io.Reader, out, errOut io.Writer) *cobra.Command {
	c := &cli{version: version, bundled: bundled, in: in, out: out, errOut: errOut}
	root := group("slipway", "Environments on every cloud, from blueprints", `Slipway launches environments that blueprints describe, on AWS and Azure, for
real or in rehearsal.

"slipway serve" starts everything on this machine; the other commands are
clients of a server and speak cfy's grammar:

  SLIPWAY_URL         the server (default http://127.0.0.1:8080)
  SLIPWAY_TOKEN       a token, or
  SLIPWAY_TOKEN_FILE  a file that holds one (default var/admin-token, which
                      "slipway serve" writes, for a server on this machine)
  SLIPWAY_TENANT      the team (default default_tenant)

"slipway profiles use" remembers a server instead. Exit codes: 0 done; 1 failed,
cancelled or refused; 2 the command line was not understood.`)
	root.Example = `  slipway serve
  slipway deployments create app_dev_small -b app -i env_type=dev-small
  slipway executions start install -d app_dev_small
  slipway deployments capabilities app_dev_small`
	root.Version = version
	root.SetVersionTemplate("slipway {{.Version}}\n")
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetFlagErrorFunc(func(command *cobra.Command, err error) error { return usage(command, "%s", flagMistake(err)) })
	root.PersistentPreRunE = c.prepare
	c.globalFlags(root)
	root.AddCommand(
		c.blueprints(), c.deployments(), c.executions(), c.events(), c.secrets(),
		c.status(), c.rehearsal(), c.profiles(), c.versionCommand(),
	)
	return root
}

func (c *cli) globalFlags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.BoolVar(&c.output.json, "json", false, "print JSON: lists as one array, events one object a line")
	flags.VarP(&c.output, "output", "o", "\"json\" is the same as --json; lists take a number, the offset, as cfy does")
	flags.Var(&c.output, "format", "json or plain, as cfy has it")
	flags.StringVarP(&c.tenant, "tenant-name", "t", "", "the team to work in (default: SLIPWAY_TENANT, the profile's, or default_tenant)")
	flags.CountVarP(&c.verbosity, "verbose", "v", "show causes of failures; -vv also debug lines")
}

// prepare runs before every command, after its flags and arguments were read.
func (c *cli) prepare(command *cobra.Command, _ []string) error {
	if missing := missingFlags(command); len(missing) > 0 {
		return usage(command, "%s is missing", missing[0])
	}
	if err := command.ValidateFlagGroups(); err != nil {
		return usage(command, "%s", groupMistake(err))
	}
	if c.output.offset == "" {
		return nil
	}
	if command.Flags().Lookup(offsetFlag) == nil {
		return usage(command, "-o takes json here, not %q", c.output.offset)
	}
	return command.Flags().Set(offsetFlag, c.output.offset)
}

// flagMistake says what a flag wants, where the library speaks of Go.
func flagMistake(err error) string {
	wrong, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return err.Error()
	}
	if wanted := Wanted(wrong.GetFlag()); wanted != "" {
		return fmt.Sprintf("--%s must be %s, not %q", wrong.GetFlag().Name, wanted, wrong.GetValue())
	}
	return fmt.Sprintf("--%s: %v", wrong.GetFlag().Name, errors.Unwrap(wrong))
}

// Wanted says what a flag takes, for those with a type of their own.
func Wanted(flag *pflag.Flag) string {
	switch flag.Value.Type() {
	case "int", "count":
		return "a whole number"
	case "bool":
		return "true or false"
	default:
		return ""
	}
}

// groupMistake names the flags that exclude each other, which cobra puts at the
// end of its sentence in brackets.
func groupMistake(err error) string {
	_, given, found := strings.Cut(err.Error(), "; [")
	given, _, closed := strings.Cut(given, "]")
	if !found || !closed {
		return err.Error()
	}
	return "--" + strings.ReplaceAll(given, " ", " and --") + " exclude each other"
}

// missingFlags are the flags that the command cannot do without and was not
// given, as a person writes them.
func missingFlags(command *cobra.Command) []string {
	var missing []string
	command.Flags().VisitAll(func(flag *pflag.Flag) {
		if len(flag.Annotations[requiredFlag]) > 0 && !flag.Changed {
			missing = append(missing, fmt.Sprintf("-%s (--%s)", flag.Shorthand, flag.Name))
		}
	})
	return missing
}

// requiredFlag annotates flags that a command cannot do without.
const requiredFlag = "slipway_required"

// outputFlag is -o: "json" everywhere, and for lists cfy's offset.
type outputFlag struct {
	json   bool
	offset string
}

func (*outputFlag) Type() string     { return "json" }
func (f *outputFlag) String() string { return "" }

// Set implements pflag.Value.
func (f *outputFlag) Set(text string) error {
	if _, err := strconv.ParseUint(text, 10, 31); err == nil {
		f.offset = text
		return nil
	}
	switch text {
	case "json":
		f.json = true
	case "table", "plain":
		f.json = false
	default:
		return fmt.Errorf("%q is not an output; it is json, or table", text)
	}
	return nil
}

// group is a command that only holds others.
func group(use, short, long string, commands ...*cobra.Command) *cobra.Command {
	command := &cobra.Command{
		Use: use, Short: short, Long: long,
		// Without these two cobra's own error for an unknown command would
		// not be a UsageError.
		Args: cobra.ArbitraryArgs,
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) == 0 {
				return command.Help()
			}
			message := fmt.Sprintf("%s has no command %q", command.CommandPath(), args[0])
			if near := command.SuggestionsFor(args[0]); len(near) > 0 {
				message += fmt.Sprintf("; did you mean %q?", strings.Join(near, ", "))
			}
			return usage(command, "%s", message)
		},
	}
	command.SuggestionsMinimumDistance = 2
	command.AddCommand(commands...)
	return command
}

// takes is the argument check of a command that takes exactly these arguments.
func takes(names ...string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usage(command, "%s is missing: %s", names[len(args)], command.UseLine())
		case len(args) > len(names):
			return usage(command, "%q is one argument too many", args[len(names)])
		}
		return nil
	}
}

// mustGive marks flags that a command cannot do without; prepare checks them.
// Cobra's own mark would make an error of its own kind.
func mustGive(command *cobra.Command, names ...string) *cobra.Command {
	for _, name := range names {
		flag := command.Flags().Lookup(name)
		flag.Annotations = map[string][]string{requiredFlag: {"true"}}
	}
	return command
}

// takesSome is the argument check of a command that takes one or more.
func takesSome(name string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usage(command, "%s is missing: %s", name, command.UseLine())
		}
		return nil
	}
}

// takesAtMost is the argument check of a command that can do without.
func takesAtMost(names ...string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		if len(args) > len(names) {
			return usage(command, "%q is one argument too many", args[len(names)])
		}
		return nil
	}
}

func (c *cli) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of this program", Args: takes(),
		RunE: func(*cobra.Command, []string) error {
			if c.output.json {
				return c.printObject(map[string]string{"version": c.version})
			}
			_, err := fmt.Fprintln(c.out, "slipway "+c.version)
			return err
		},
	}
}
