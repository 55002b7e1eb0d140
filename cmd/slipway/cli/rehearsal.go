package cli

import (
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
)

func (c *cli) rehearsal() *cobra.Command {
	return group("rehearsal", "See what the rehearsal clouds hold and were asked", `A rehearsal runs the real blueprint and the real code; only the clouds are
built in. These commands show them.`, c.rehearsalList(), c.rehearsalCalls())
}

func (c *cli) rehearsalList() *cobra.Command {
	var l listing
	var deployment string
	command := &cobra.Command{
		Use: "list", Short: "List what the rehearsal clouds hold", Args: takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			return c.list(command, "/rehearsal/resources", l.pageQuery("deployment", deployment), "Resources",
				columns("cloud", "kind", "id", "name", "deployment", "state"))
		},
	}
	l.pageFlags(command)
	command.Flags().StringVarP(&deployment, "deployment-id", "d", "", "only what this deployment owns")
	return command
}

func (c *cli) rehearsalCalls() *cobra.Command {
	var l listing
	var deployment string
	var effective bool
	command := &cobra.Command{
		Use: "calls", Short: "List what was asked of the rehearsal clouds, oldest first", Args: takes(),
		RunE: func(command *cobra.Command, _ []string) error {
			query := l.pageQuery("deployment", deployment)
			if effective {
				query.Set("effective", "true")
			}
			return c.list(command, "/rehearsal/calls", query, "Calls",
				columns("at", "cloud", "call", "id", "deployment", "effective", "error"))
		},
	}
	l.pageFlags(command)
	flags := command.Flags()
	flags.StringVarP(&deployment, "deployment-id", "d", "", "only calls for this deployment")
	flags.BoolVar(&effective, "effective", false, "only calls that changed something")
	return command
}

// pageFlags are the flags of a list in an order of its own. Everything is
// listed unless a size is given.
func (l *listing) pageFlags(command *cobra.Command) {
	flags := command.Flags()
	flags.IntVar(&l.offset, offsetFlag, 0, "leave out this many from the start (also -o NUMBER)")
	flags.IntVarP(&l.size, "pagination-size", "s", 0, "list at most this many (default: all)")
}

func (l *listing) pageQuery(name, value string) url.Values {
	query := url.Values{"_offset": {fmt.Sprint(l.offset)}}
	if l.size > 0 {
		query.Set("_size", fmt.Sprint(l.size))
	} else {
		query.Set("_get_all_results", "true")
	}
	if value != "" {
		query.Set(name, value)
	}
	return query
}
