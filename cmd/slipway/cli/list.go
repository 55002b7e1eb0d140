package cli

import (
	"net/url"
	"strconv"

	"github.com/spf13/cobra"
)

const offsetFlag = "pagination-offset"

// listing is what every list command may be asked for.
type listing struct {
	offset, size int
	sortBy       string
	descending   bool
	search       string
}

// flags adds the flags of a list. sortBy is the field it is sorted by unless
// the command line says another.
func (l *listing) flags(command *cobra.Command, sortBy string) *cobra.Command {
	flags := command.Flags()
	flags.IntVar(&l.offset, offsetFlag, 0, "leave out this many from the start (also -o NUMBER)")
	flags.IntVarP(&l.size, "pagination-size", "s", 1000, "list at most this many")
	flags.StringVar(&l.sortBy, "sort-by", sortBy, "field to sort by")
	flags.BoolVar(&l.descending, "descending", false, "sort from high to low")
	flags.StringVar(&l.search, "search", "", "only those whose id holds this text")
	return command
}

// query is the listing in the API's words, with more filters as name, value.
func (l *listing) query(filters ...string) url.Values {
	sort := l.sortBy
	if l.descending {
		sort = "-" + sort
	}
	query := url.Values{
		"_offset": {strconv.Itoa(l.offset)}, "_size": {strconv.Itoa(l.size)}, "_sort": {sort},
	}
	if l.search != "" {
		query.Set("_search", l.search)
	}
	for i := 0; i+1 < len(filters); i += 2 {
		if filters[i+1] != "" {
			query.Set(filters[i], filters[i+1])
		}
	}
	return query
}

// list asks for a list and prints it.
func (c *cli) list(command *cobra.Command, path string, query url.Values, title string, shown []column) error {
	asking, err := c.connect()
	if err != nil {
		return err
	}
	var answer page
	if err := asking.get(command.Context(), path, query, &answer); err != nil {
		return err
	}
	return c.printItems(title, shown, answer)
}
