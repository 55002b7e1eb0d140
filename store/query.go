package store

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// where collects the conditions of a query. Conditions are written with "?";
// add numbers them, because $1, $2, … is what both databases understand.
type where struct {
	conditions []string
	args       []any
}

func (w *where) add(condition string, args ...any) {
	w.conditions = append(w.conditions, w.number(condition, args...))
}

// number replaces each "?" of the text by the number of its argument.
func (w *where) number(text string, args ...any) string {
	var out strings.Builder
	for _, arg := range args {
		before, after, _ := strings.Cut(text, "?")
		w.args = append(w.args, arg)
		out.WriteString(before + "$" + strconv.Itoa(len(w.args)))
		text = after
	}
	return out.String() + text
}

// addIf adds "column = value" unless the value is empty.
func (w *where) addIf(column, value string) {
	if value != "" {
		w.add(column+" = ?", value)
	}
}

// addIn adds "column IN (values)" unless there are none.
func addIn[S ~string](w *where, column string, values []S) {
	if len(values) > 0 {
		condition, args := in(column, values)
		w.add(condition, args...)
	}
}

// in writes "column IN (?, …)" with its arguments.
func in[S ~string](column string, values []S) (condition string, args []any) {
	for _, value := range values {
		args = append(args, string(value))
	}
	return column + " IN (" + strings.TrimSuffix(strings.Repeat("?, ", len(values)), ", ") + ")", args
}

// addSearch adds "one of the columns contains the text", whatever the case of
// its ASCII letters.
func (w *where) addSearch(text string, columns ...string) {
	if text == "" {
		return
	}
	escaped := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(lowerASCII(text))
	var conditions []string
	var args []any
	for _, column := range columns {
		conditions = append(conditions, "LOWER("+column+`) LIKE ? ESCAPE '\'`)
		args = append(args, "%"+escaped+"%")
	}
	w.add("("+strings.Join(conditions, " OR ")+")", args...)
}

// lowerASCII lowers as LOWER does in both databases, which leave all but the
// letters of ASCII alone.
func lowerASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// mentions reports whether a condition begins with the prefix, such as "x." for
// the columns of a table.
func (w *where) mentions(prefix string) bool {
	return slices.ContainsFunc(w.conditions, func(condition string) bool { return strings.HasPrefix(condition, prefix) })
}

// String is the WHERE clause, or nothing.
func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// page is the LIMIT clause; size 0 means all.
func (w *where) page(offset, size int) string {
	var clause string
	switch {
	case size > 0:
		clause = w.number(" LIMIT ? OFFSET ?", size, offset)
	case offset > 0:
		// SQLite knows no OFFSET without LIMIT.
		clause = w.number(" LIMIT ? OFFSET ?", int64(1)<<62, offset)
	}
	return clause
}

// order is the ORDER BY clause for a sort key that people may name, with a
// unique column at the end so that pages do not overlap.
func order(columns map[string]string, sort, fallback, unique string, descending bool) (string, error) {
	if sort == "" {
		sort = fallback
	}
	column, ok := columns[sort]
	if !ok {
		return "", orchestrator.Errorf(orchestrator.Invalid, "cannot sort by %q: choose one of %s",
			sort, strings.Join(orchestrator.SortedKeys(columns), ", ")).On("_sort")
	}
	direction := ""
	if descending {
		direction = " DESC"
	}
	return " ORDER BY " + column + direction + ", " + unique + direction, nil
}

// queryPage reads one page of a list, and how long the list is.
func queryPage[T any](ctx context.Context, t *Tx, doing string, scan func(scanner) (T, error), columns, from string, w *where, sorted string, offset, size int) ([]T, int, error) {
	total, err := queryOne(ctx, t, nil, doing, scanInt, "SELECT COUNT(*) FROM "+from+w.String(), w.args...)
	if err != nil {
		return nil, 0, err
	}
	// page adds its arguments after those of the conditions.
	query := "SELECT " + columns + " FROM " + from + w.String() + sorted + w.page(offset, size)
	items, err := queryAll(ctx, t, doing, scan, query, w.args...)
	return items, total, err
}
