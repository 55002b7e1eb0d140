package ctxproxy

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// Kinds of verdicts.
const (
	Returns = "returns" // the operation's value
	Retry   = "retry"   // the attempt ends, another is to follow
	Abort   = "abort"   // the operation fails for good
)

// Verdict is what a script said about its own operation.
type Verdict struct {
	Kind    string             `json:"kind"`
	Value   orchestrator.Value `json:"value,omitempty"`
	Message string             `json:"message,omitempty"`
	// After is what the script asked to wait before a retry; zero leaves it to
	// the operation's policy.
	After time.Duration `json:"after,omitempty"`
}

// Options make a Session.
type Options struct {
	// Token must come with every request.
	Token string
	// Keep makes a verdict outlive this process, before the script learns that
	// it was heard; nil keeps it in memory only.
	Keep func(context.Context, Verdict) error
	// Heard is the verdict that an earlier process kept, when the script is
	// met again in mid-run.
	Heard *Verdict
}

// Session is the ctx of one operation. It may be used by many requests at once.
type Session struct {
	call    *provider.Call
	options Options

	mu sync.Mutex
	// runtime holds the runtime properties as the script sees them, by instance.
	runtime  map[*provider.Instance]map[string]orchestrator.Value
	verdict  *Verdict
	conflict error
}

// New returns the session of a call.
func New(call *provider.Call, options Options) *Session {
	s := &Session{call: call, options: options, verdict: options.Heard, runtime: map[*provider.Instance]map[string]orchestrator.Value{}}
	for _, instance := range []*provider.Instance{call.Self, call.Source, call.Target} {
		if instance == nil {
			continue
		}
		seen := make(map[string]orchestrator.Value, len(instance.Runtime))
		maps.Copy(seen, instance.Runtime)
		s.runtime[instance] = seen
	}
	return s
}

// Exit is how a script ended.
type Exit struct {
	Code int
	// Complaint is the end of what it wrote to stderr, for the error's text.
	Complaint string
	// Hopeless lists exit codes that must not be retried.
	Hopeless []int
}

// Outcome turns a script's end and its verdict into the operation's answer.
func (s *Session) Outcome(exit Exit) (provider.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.conflict != nil:
		return provider.Result{}, provider.Fatal(s.conflict)
	case s.verdict != nil && s.verdict.Kind == Abort:
		return provider.Result{}, provider.Fatal(fmt.Errorf("the script aborted the operation: %s", s.verdict.Message))
	case s.verdict != nil && s.verdict.Kind == Retry:
		return provider.Result{}, provider.Rescheduled(fmt.Errorf("the script asked for a retry: %s", s.verdict.Message), s.verdict.After)
	case exit.Code != 0:
		return provider.Result{}, exitError(exit)
	case s.verdict != nil:
		return provider.Result{Value: s.verdict.Value}, nil
	default:
		return provider.Result{}, nil
	}
}

func exitError(exit Exit) error {
	err := fmt.Errorf("the script ended with exit code %d", exit.Code)
	if exit.Complaint != "" {
		err = fmt.Errorf("%w: %s", err, exit.Complaint)
	}
	if slices.Contains(exit.Hopeless, exit.Code) {
		return provider.Fatal(err)
	}
	return err
}

// decide records a verdict. A second, different one makes the operation fail: a
// script that says two things means neither.
func (s *Session) decide(ctx context.Context, verdict Verdict) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.verdict != nil && reflect.DeepEqual(*s.verdict, verdict) {
		return nil // a client that did not hear the answer asks again
	}
	if s.verdict != nil {
		s.conflict = fmt.Errorf("the script called %s after %s; an operation ends in one way only", verdict.Kind, s.verdict.Kind)
		return s.conflict
	}
	if s.options.Keep != nil {
		if err := s.options.Keep(ctx, verdict); err != nil {
			return &unkeptError{fmt.Errorf("keep %s: %w", verdict.Kind, err)}
		}
	}
	s.verdict = &verdict
	return nil
}

// setRuntime writes one runtime property: durable first, then visible.
func (s *Session) setRuntime(ctx context.Context, instance *provider.Instance, path string, value orchestrator.Value) error {
	keys, err := parsePath(path)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	top, ok := keys[0].(string)
	if !ok {
		return fmt.Errorf("path %q must begin with a name", path)
	}
	changed, err := assign(s.runtime[instance][top], keys[1:], value)
	if err != nil {
		return fmt.Errorf("set %q: %w", path, err)
	}
	set := map[string]orchestrator.Value{top: changed}
	if s.call.Self != nil {
		err = s.call.Journal.Set(ctx, set)
	} else {
		err = s.call.Journal.SetOn(ctx, instance.ID, set, nil)
	}
	if err != nil {
		return &unkeptError{fmt.Errorf("journal %q: %w", path, err)}
	}
	s.runtime[instance][top] = changed
	return nil
}

// getRuntime returns the runtime properties as they are now, opened: the script
// is the far end that they are meant for.
func (s *Session) getRuntime(instance *provider.Instance) orchestrator.Value {
	s.mu.Lock()
	defer s.mu.Unlock()
	return orchestrator.Reveal(orchestrator.Value(maps.Clone(s.runtime[instance])))
}

// unkeptError says that something could not be made durable. Nothing is wrong
// with the request: whoever holds the lease next will take it.
type unkeptError struct{ err error }

func (e *unkeptError) Error() string { return e.err.Error() }
func (e *unkeptError) Unwrap() error { return e.err }
