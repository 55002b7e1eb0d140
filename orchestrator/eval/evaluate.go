package eval

import (
	"errors"
	"fmt"

	"github.com/slipwayhq/slipway/orchestrator"
)

const (
	// maxDepth bounds how many answers may lead to further calls one after
	// another; two properties that refer to each other end here.
	maxDepth = 50
	// maxCalls and maxText bound one value, maxAllCalls all that one Evaluator
	// evaluates, so that answers which double at each step end in time and
	// memory, too.
	maxCalls    = 200_000
	maxAllCalls = 5_000_000
	maxText     = 64 << 20 // bytes
)

// ErrTooDeep is inside the error of values that lead to each other more often
// than is allowed, as those in a circle do.
var ErrTooDeep = fmt.Errorf("the recursion limit of %d was reached; do values refer to each other in a circle?", maxDepth)

// Evaluate returns v with every call replaced by its answer, nested ones first.
// A call whose answer scope does not know yet stays, with the known parts of
// its arguments filled in. place gives SELF, SOURCE and TARGET their meaning;
// path is where v stands, for messages.
func Evaluate(scope Scope, place Place, v Value, path string) (Value, error) {
	return NewEvaluator(scope).Evaluate(place, v, path)
}

// EvaluateMap is like Evaluate for a map of values, such as the inputs of an
// operation or the properties of a node: the map itself is never a call, even
// where one of its keys is the name of a function.
func EvaluateMap(scope Scope, place Place, values map[string]Value, path string) (map[string]Value, error) {
	r := &run{scope: scope, total: new(int)}
	return r.mapping(values, frame{place: place, path: path})
}

// Evaluator evaluates many values of one plan, such as a stranger may have
// written, within one budget.
type Evaluator struct {
	scope Scope
	total int // calls made so far
}

// NewEvaluator returns an Evaluator over a Scope.
func NewEvaluator(scope Scope) *Evaluator { return &Evaluator{scope: scope} }

// Evaluate is the function Evaluate within the Evaluator's budget.
func (e *Evaluator) Evaluate(place Place, v Value, path string) (Value, error) {
	r := &run{scope: e.scope, total: &e.total}
	return r.value(v, frame{place: place, path: path})
}

// run is one evaluation with what it has spent.
type run struct {
	scope Scope
	calls int
	text  int
	total *int
}

// frame is where in the evaluation a value stands.
type frame struct {
	place Place
	path  string
	depth int
}

func (f frame) key(name string) frame { f.path = dotted(f.path, name); return f }
func (f frame) index(i int) frame     { f.path = indexed(f.path, i); return f }

func (r *run) value(v Value, f frame) (Value, error) {
	switch v := v.(type) {
	case orchestrator.Sensitive:
		inner, err := r.value(v.Open(), f)
		if err != nil {
			return nil, err
		}
		return orchestrator.Mark(inner), nil
	case []Value:
		out := make([]Value, len(v))
		for i, item := range v {
			var err error
			if out[i], err = r.value(item, f.index(i)); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]Value:
		if call, ok := AsCall(v); ok {
			return r.call(call, f)
		}
		return r.mapping(v, f)
	default:
		return v, nil
	}
}

func (r *run) mapping(values map[string]Value, f frame) (map[string]Value, error) {
	out := make(map[string]Value, len(values))
	for _, key := range orchestrator.SortedKeys(values) {
		var err error
		if out[key], err = r.value(values[key], f.key(key)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// call evaluates the arguments, asks the function, and follows calls in the
// answer. A call that is not known yet comes back as a call.
func (r *run) call(c Call, f frame) (Value, error) {
	fail := func(err error) (Value, error) { return nil, wrap(c.Name, f.path, discreet(c.Args, err)) }
	if f.depth >= maxDepth {
		return fail(ErrTooDeep)
	}
	r.calls++
	*r.total++
	if r.calls > maxCalls || *r.total > maxAllCalls {
		return fail(fmt.Errorf("this takes more than %d calls, or all together more than %d", maxCalls, maxAllCalls))
	}
	inner := f
	inner.depth++
	args, err := r.value(c.Args, inner.key(c.Name))
	if err != nil {
		return nil, err
	}
	c.Args = spread(args)
	if err := Check(c); err != nil {
		return fail(err)
	}
	answer, err := behaviourOf(c.Name).answer(r, c, inner)
	if errors.Is(err, ErrUnknown) {
		return c.Value(), nil
	}
	if err != nil {
		return fail(err)
	}
	if _, unknown := answer.(Unknown); unknown {
		return c.Value(), nil
	}
	if topMarked(c.Args) {
		answer = orchestrator.Mark(answer)
	}
	return answer, nil
}

// spread moves the mark of a list of arguments, as a secret may hold one, to the
// arguments.
func spread(args Value) Value {
	list, ok := open(args).([]Value)
	if _, marked := args.(orchestrator.Sensitive); !marked || !ok {
		return args
	}
	out := make([]Value, len(list))
	for i, item := range list {
		out[i] = orchestrator.Mark(item)
	}
	return out
}

// topMarked reports whether an argument as a whole is marked. Marks deeper in a
// map or list travel with the parts that the function picks; functions that
// turn structures into text look deeper themselves.
func topMarked(args Value) bool {
	if _, ok := args.(orchestrator.Sensitive); ok {
		return true
	}
	list, _ := args.([]Value)
	for _, item := range list {
		if _, ok := item.(orchestrator.Sensitive); ok {
			return true
		}
	}
	return false
}

// discreet hides the text of an error when an argument is sensitive, since the
// text may quote it. The code stays.
func discreet(args Value, err error) error {
	if !orchestrator.IsSensitive(args) {
		return err
	}
	const text = "it failed for a reason that would show a sensitive argument"
	if e, ok := errors.AsType[*orchestrator.Error](err); ok {
		return orchestrator.Errorf(e.Code, text)
	}
	return errors.New(text)
}

// wrap gives an error its call and path, once.
func wrap(function, path string, err error) error {
	if _, ok := errors.AsType[*Error](err); ok {
		return err // of a call further inside
	}
	return &Error{Function: function, Path: path, Err: err}
}

// open takes the mark off an argument; the caller's answer is marked again.
func open(v Value) Value {
	if s, ok := v.(orchestrator.Sensitive); ok {
		return open(s.Open())
	}
	return v
}

// name reads an argument that names something.
func name(v Value) (string, error) {
	switch v := open(v).(type) {
	case string:
		return v, nil
	case int64:
		return fmt.Sprint(v), nil
	case Unknown:
		return "", ErrUnknown
	default:
		if HasCalls(v) {
			return "", ErrUnknown
		}
		return "", fmt.Errorf("a name is expected, not %s", Kind(v))
	}
}
