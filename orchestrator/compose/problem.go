package compose

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// maxProblems is how many are told at once; hundreds help nobody.
const maxProblems = 20

// pathsTold is how many nodes are named that have the same problem.
const pathsTold = 8

// problem is one cause and the paths of nodes at which it was found; the empty
// path is the deployment itself.
type problem struct {
	cause string
	at    []string
}

func (p problem) String() string {
	told := p.at
	if len(told) > pathsTold {
		told = append(slices.Clone(told[:pathsTold]), fmt.Sprintf("%d more", len(p.at)-pathsTold))
	}
	if at := strings.Join(told, ", "); at != "" {
		return at + ": " + p.cause
	}
	return p.cause
}

// problem notes what cannot work at a path of nodes; what is wrong at several
// for one cause is told once.
func (w *walker) problem(path []string, err error) {
	cause, at := err.Error(), strings.Join(path, " → ")
	if call, ok := errors.AsType[*eval.Error](err); ok && call.Function == "get_secret" {
		cause = call.Err.Error() // who launches knows of cells, not of the property that looks one up
	}
	i := slices.IndexFunc(w.problems, func(p problem) bool { return p.cause == cause })
	switch {
	case i < 0 && len(w.problems) < maxProblems:
		w.problems = append(w.problems, problem{cause: cause, at: []string{at}})
	case i >= 0 && !slices.Contains(w.problems[i].at, at):
		w.problems[i].at = append(w.problems[i].at, at)
	}
}

// problemOf returns the cause noted for exactly this path, if any.
func (w *walker) problemOf(path []string) string {
	at := strings.Join(path, " → ")
	for _, problem := range w.problems {
		if slices.Contains(problem.at, at) {
			return problem.cause
		}
	}
	return ""
}
