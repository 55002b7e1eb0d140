package resource_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/providertest"
	"github.com/slipwayhq/slipway/orchestrator/provider/resource"
)

type values = map[string]orchestrator.Value

// cloud is a far end with things of one kind, each with an id and the time when
// reads begin to show it.
type cloud struct {
	now     func() time.Time
	things  map[string]*thing
	asked   []string // the verbs asked for, in order
	made    int
	fail    []error       // what the next creates answer instead of their id
	late    time.Duration // how long a new thing stays unseen
	slow    time.Duration // how long a create takes
	pass    func(time.Duration)
	pending time.Duration // how long a new thing is pending
	refuse  error         // what deletes answer
}

type thing struct {
	visible, ready time.Time
	foreign        bool
	phase          resource.Phase
}

func (c *cloud) add(id string, t thing) {
	t.ready = c.now()
	c.things[id] = &t
}

func (c *cloud) Observe(_ context.Context, call *provider.Call) (resource.Observation, error) {
	id, _ := call.Self.Runtime["id"].(string)
	t := c.things[id]
	if t == nil || c.now().Before(t.visible) {
		return resource.Observation{Name: "thing " + id}, nil
	}
	seen := resource.Observation{Exists: true, Name: "thing " + id, Foreign: t.foreign, Phase: t.phase, Set: values{"description": "of " + id}}
	if c.now().Before(t.ready) {
		seen.Phase = resource.Pending
	}
	return seen, nil
}

// Create makes one, whatever it answers: a doubtful error comes after the effect
// unless it is errNothingDone.
func (c *cloud) Create(context.Context, *provider.Call) (values, error) {
	c.asked = append(c.asked, "create")
	c.pass(c.slow)
	var err error
	if len(c.fail) > 0 {
		err, c.fail = c.fail[0], c.fail[1:]
	}
	if err != nil && (!resource.IsDoubtful(err) || errors.Is(err, errNothingDone)) {
		return nil, err
	}
	c.made++
	id := fmt.Sprintf("thing-%d", c.made)
	c.things[id] = &thing{visible: c.now().Add(c.late), ready: c.now().Add(c.pending)}
	if err != nil {
		return nil, err
	}
	return values{"id": id}, nil
}

func (c *cloud) Update(context.Context, *provider.Call, resource.Observation) error {
	c.asked = append(c.asked, "update")
	return nil
}

func (c *cloud) Delete(_ context.Context, call *provider.Call) error {
	c.asked = append(c.asked, "delete")
	if c.refuse != nil {
		return c.refuse
	}
	delete(c.things, call.Self.Runtime["id"].(string))
	return nil
}

func (c *cloud) Find(context.Context, *provider.Call) ([]values, error) {
	var found []values
	for _, id := range orchestrator.SortedKeys(c.things) {
		if t := c.things[id]; !t.foreign && !c.now().Before(t.visible) {
			found = append(found, values{"id": id})
		}
	}
	return found, nil
}

var (
	errNothingDone = errors.New("answer lost before the effect")
	errLost        = resource.Doubtful(errors.New("answer lost"))
	errLostBefore  = resource.Doubtful(errNothingDone)
	errRefused     = errors.New("refused")
)

// bench runs verbs on a cloud with a clock that moves as the engine waits.
func bench(options resource.Options, verb resource.Verb) (*cloud, *providertest.Engine, *provider.Instance) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c := &cloud{now: func() time.Time { return now }, things: map[string]*thing{}}
	c.pass = func(d time.Duration) { now = now.Add(d) }
	options.IDKey, options.Now = "id", c.now
	engine := providertest.New(provider.Func(func(ctx context.Context, call *provider.Call) (provider.Result, error) {
		return resource.Adapt(c, options).Run(ctx, call, verb)
	}))
	engine.Now = c.now
	engine.Wait = c.pass
	return c, engine, &provider.Instance{ID: "node_abc123", Runtime: values{}}
}

func TestCreate(t *testing.T) {
	done := func(id string) values { return values{"id": id, "description": "of " + id} }
	cases := map[string]struct {
		reason  string
		options resource.Options
		prepare func(*cloud, *provider.Instance)
		resumed bool
		want    values   // runtime properties
		things  []string // what exists
		asked   []string
		fatal   bool
		failed  bool // all attempts are used up
		code    orchestrator.Code
	}{
		"OK": {
			reason: "create, record, look", options: resource.Options{Class: resource.Tagged},
			want: done("thing-1"), things: []string{"thing-1"}, asked: []string{"create"},
		},
		"Pending": {
			reason: "what takes its time is asked for again, not made again", options: resource.Options{Class: resource.Tagged},
			prepare: func(c *cloud, _ *provider.Instance) { c.pending = 5 * time.Minute },
			want:    done("thing-1"), things: []string{"thing-1"}, asked: []string{"create"},
		},
		"Late": {
			reason: "a read that lags behind is no reason to make another", options: resource.Options{Class: resource.Tagged},
			prepare: func(c *cloud, _ *provider.Instance) { c.late = 30 * time.Second },
			want:    done("thing-1"), things: []string{"thing-1"}, asked: []string{"create"},
		},
		"LostAdopts": {
			reason: "an effect whose answer was lost is found by tag", options: resource.Options{Class: resource.Tagged},
			prepare: func(c *cloud, _ *provider.Instance) { c.fail = []error{errLost} },
			want:    done("thing-1"), things: []string{"thing-1"}, asked: []string{"create"},
		},
		"LostAndLateAdopts": {
			reason: "the look goes on for a minute", options: resource.Options{Class: resource.Tagged},
			prepare: func(c *cloud, _ *provider.Instance) { c.fail, c.late = []error{errLost}, 50*time.Second },
			want:    done("thing-1"), things: []string{"thing-1"}, asked: []string{"create"},
		},
		"SlowLostAndLateAdopts": {
			reason: "a minute after the create, however long it took", options: resource.Options{Class: resource.Tagged},
			prepare: func(c *cloud, _ *provider.Instance) {
				c.fail, c.slow, c.late = []error{errLost}, 2*time.Minute, 50*time.Second
			},
			want: done("thing-1"), things: []string{"thing-1"}, asked: []string{"create"},
		},
		"LostBeforeCreates": {
			reason: "after a minute without a trace there is none: create", options: resource.Options{Class: resource.Tagged},
			prepare: func(c *cloud, _ *provider.Instance) { c.fail = []error{errLostBefore} },
			want:    done("thing-1"), things: []string{"thing-1"}, asked: []string{"create", "create"},
		},
		"ErrLostAlways": {
			reason: "each create that had no effect is a try that failed", options: resource.Options{Class: resource.Tagged},
			prepare: func(c *cloud, _ *provider.Instance) { c.fail = slices.Repeat([]error{errLostBefore}, 20) },
			want:    values{}, asked: slices.Repeat([]string{"create"}, 6), failed: true, code: orchestrator.Internal,
		},
		"ResumedLateAdopts": {
			reason: "a server died right after an effect that shows late", options: resource.Options{Class: resource.Tagged}, resumed: true,
			prepare: func(c *cloud, _ *provider.Instance) { c.add("thing-0", thing{visible: c.now().Add(50 * time.Second)}) },
			want:    done("thing-0"), things: []string{"thing-0"},
		},
		"ResumedCreates": {
			reason: "a server died before the effect; that is no failure of the try", options: resource.Options{Class: resource.Tagged}, resumed: true,
			want: done("thing-1"), things: []string{"thing-1"}, asked: []string{"create"},
		},
		"LostTwice": {
			reason: "a second doubt gets a minute of its own", options: resource.Options{Class: resource.Tagged},
			prepare: func(c *cloud, _ *provider.Instance) {
				c.fail, c.late = []error{errLostBefore, errLost}, 50*time.Second
			},
			want: done("thing-1"), things: []string{"thing-1"}, asked: []string{"create", "create"},
		},
		"ResumedAdopts": {
			reason: "a server died between effect and record", options: resource.Options{Class: resource.Tagged}, resumed: true,
			prepare: func(c *cloud, _ *provider.Instance) { c.add("thing-0", thing{}) },
			want:    done("thing-0"), things: []string{"thing-0"},
		},
		"SeveralKeepOne": {
			reason: "of several the first is kept, the others are deleted", options: resource.Options{Class: resource.Tagged}, resumed: true,
			prepare: func(c *cloud, _ *provider.Instance) {
				c.add("thing-a", thing{})
				c.add("thing-b", thing{})
				c.add("thing-c", thing{})
			},
			want: done("thing-a"), things: []string{"thing-a"}, asked: []string{"delete", "delete"},
		},
		"ErrSeveralInUse": {
			reason: "a duplicate that cannot be deleted needs a person", options: resource.Options{Class: resource.Tagged}, resumed: true,
			prepare: func(c *cloud, _ *provider.Instance) {
				c.add("thing-a", thing{})
				c.add("thing-b", thing{})
				c.refuse = provider.Fatal(errRefused)
			},
			want: values{"slipway_doubt": values{"since": "2026-01-02T03:04:05Z"}}, things: []string{"thing-a", "thing-b"}, asked: []string{"delete"}, fatal: true, code: orchestrator.Internal,
		},
		"RetriedAfterRefusal": {
			reason: "a refusal leaves no doubt", options: resource.Options{Class: resource.Tagged},
			prepare: func(c *cloud, _ *provider.Instance) { c.fail = []error{errRefused} },
			want:    done("thing-1"), things: []string{"thing-1"}, asked: []string{"create", "create"},
		},
		"TokenRepeats": {
			reason: "a token may be sent again at once", options: resource.Options{Class: resource.Token}, resumed: true,
			want: done("thing-1"), things: []string{"thing-1"}, asked: []string{"create"},
		},
		"ErrVanished": {
			reason: "what was recorded and is gone is not silently replaced", options: resource.Options{Class: resource.Tagged},
			prepare: func(_ *cloud, self *provider.Instance) { self.Runtime["id"] = "thing-0" },
			want:    values{"id": "thing-0"}, fatal: true, code: orchestrator.NotFound,
		},
		"ErrBroken": {
			reason: "a failed thing stays failed", options: resource.Options{Class: resource.Tagged},
			prepare: func(c *cloud, self *provider.Instance) {
				self.Runtime["id"] = "thing-0"
				c.add("thing-0", thing{phase: resource.Broken})
			},
			want: values{"id": "thing-0"}, things: []string{"thing-0"}, fatal: true, code: orchestrator.Conflict,
		},
		"ErrForeign": {
			reason: "somebody else's thing of that name is not taken", options: resource.Options{Class: resource.Named},
			prepare: func(c *cloud, self *provider.Instance) {
				self.Runtime["id"] = "thing-0"
				c.add("thing-0", thing{foreign: true})
			},
			want: values{"id": "thing-0"}, things: []string{"thing-0"}, fatal: true, code: orchestrator.Conflict,
		},
		"UseExisting": {
			reason: "unless the blueprint says so", options: resource.Options{Class: resource.Named, UseExisting: true},
			prepare: func(c *cloud, self *provider.Instance) {
				self.Runtime["id"] = "thing-0"
				c.add("thing-0", thing{foreign: true})
			},
			want: done("thing-0"), things: []string{"thing-0"},
		},
		"ErrStillPending": {
			reason: "nothing is awaited for ever", options: resource.Options{Class: resource.Tagged, Limit: time.Minute},
			prepare: func(c *cloud, _ *provider.Instance) { c.pending = time.Hour },
			want:    values{"id": "thing-1"}, things: []string{"thing-1"}, asked: []string{"create"}, fatal: true, code: orchestrator.Unavailable,
		},
		"External": {
			reason: "an external thing is only looked at", options: resource.Options{External: true},
			prepare: func(c *cloud, self *provider.Instance) {
				self.Runtime["id"] = "thing-0"
				c.add("thing-0", thing{foreign: true})
			},
			want: done("thing-0"), things: []string{"thing-0"},
		},
		"ErrExternalAbsent": {
			reason: "and has to be there", options: resource.Options{External: true},
			want: values{}, fatal: true, code: orchestrator.NotFound,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c, engine, self := bench(tc.options, resource.Create)
			if tc.prepare != nil {
				tc.prepare(c, self)
			}
			err := engine.Run(context.Background(), self, providertest.Operation{Name: "create", Resumed: tc.resumed})
			if (err != nil) != (tc.fatal || tc.failed) || provider.IsFatal(err) != tc.fatal || orchestrator.ErrorCode(err) != tc.code {
				t.Fatalf("%s: error = %v", tc.reason, err)
			}
			compare(t, tc.reason, tc.want, self, tc.things, tc.asked, c)
		})
	}
}

func TestDelete(t *testing.T) {
	recorded := func(c *cloud, self *provider.Instance, t thing) {
		self.Runtime["id"] = "thing-0"
		c.add("thing-0", t)
	}
	cases := map[string]struct {
		reason  string
		options resource.Options
		prepare func(*cloud, *provider.Instance)
		want    values
		things  []string
		asked   []string
		fatal   bool
	}{
		"OK": {
			reason: "gone, and all properties with it", options: resource.Options{Class: resource.Tagged},
			prepare: func(c *cloud, self *provider.Instance) { recorded(c, self, thing{}) },
			want:    values{}, asked: []string{"delete"},
		},
		"Gone": {
			reason: "deleting what is gone is success", options: resource.Options{Class: resource.Tagged},
			prepare: func(_ *cloud, self *provider.Instance) { self.Runtime["id"] = "thing-0" },
			want:    values{},
		},
		"Ended": {
			reason: "a memory of it is gone too", options: resource.Options{Class: resource.Token},
			prepare: func(c *cloud, self *provider.Instance) { recorded(c, self, thing{phase: resource.Ended}) },
			want:    values{}, things: []string{"thing-0"},
		},
		"Unrecorded": {
			reason: "what a create left behind unrecorded is found by tag", options: resource.Options{Class: resource.Tagged},
			prepare: func(c *cloud, _ *provider.Instance) { c.add("thing-0", thing{}) },
			want:    values{}, asked: []string{"delete"},
		},
		"NeverCreated": {
			reason: "nothing to do", options: resource.Options{Class: resource.Tagged}, want: values{},
		},
		"ErrForeign": {
			reason: "without our tag it is not ours to delete", options: resource.Options{Class: resource.Tagged},
			prepare: func(c *cloud, self *provider.Instance) { recorded(c, self, thing{foreign: true}) },
			want:    values{"id": "thing-0"}, things: []string{"thing-0"}, fatal: true,
		},
		"External": {
			reason: "an external thing stays", options: resource.Options{External: true},
			prepare: func(c *cloud, self *provider.Instance) { recorded(c, self, thing{foreign: true}) },
			want:    values{}, things: []string{"thing-0"},
		},
		"Drop": {
			reason: "removing a connection drops only what belongs to it", options: resource.Options{Class: resource.Named, Drop: []string{"id"}},
			prepare: func(c *cloud, self *provider.Instance) {
				recorded(c, self, thing{})
				self.Runtime["other"] = "kept"
			},
			want: values{"other": "kept"}, asked: []string{"delete"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c, engine, self := bench(tc.options, resource.Delete)
			if tc.prepare != nil {
				tc.prepare(c, self)
			}
			err := engine.Run(context.Background(), self, providertest.Operation{Name: "delete"})
			if (err != nil) != tc.fatal || provider.IsFatal(err) != tc.fatal {
				t.Fatalf("%s: error = %v", tc.reason, err)
			}
			compare(t, tc.reason, tc.want, self, tc.things, tc.asked, c)
		})
	}
}

func compare(t *testing.T, reason string, want values, self *provider.Instance, things, asked []string, c *cloud) {
	t.Helper()
	if diff := cmp.Diff(want, self.Runtime); diff != "" {
		t.Errorf("%s: runtime properties (-want +got):\n%s", reason, diff)
	}
	if got := orchestrator.SortedKeys(c.things); fmt.Sprint(got) != fmt.Sprint(things) {
		t.Errorf("%s: the cloud holds %v, want %v", reason, got, things)
	}
	if diff := cmp.Diff(asked, c.asked); diff != "" {
		t.Errorf("%s: requests (-want +got):\n%s", reason, diff)
	}
}

// TestDoubtSurvives holds that a doubt outlives the server that had it.
func TestDoubtSurvives(t *testing.T) {
	c, engine, self := bench(resource.Options{Class: resource.Tagged}, resource.Create)
	c.fail, c.late = []error{errLost}, 30*time.Second
	engine.Tries = 1
	if err := engine.Run(context.Background(), self, providertest.Operation{Name: "create"}); err == nil {
		t.Fatal("the first answer should be to ask again")
	}
	engine.Tries = 100
	// Another attempt, not resumed: only the runtime property knows of the doubt.
	if err := engine.Run(context.Background(), self, providertest.Operation{Name: "create"}); err != nil {
		t.Fatal(err)
	}
	compare(t, "adopted by the next attempt", values{"id": "thing-1", "description": "of thing-1"}, self, []string{"thing-1"}, []string{"create"}, c)
}

// TestSecondCreateDies kills the server right after the create that a settled
// doubt allowed: its effect gets a minute of its own to show up.
func TestSecondCreateDies(t *testing.T) {
	c, engine, self := bench(resource.Options{Class: resource.Tagged}, resource.Create)
	c.fail, c.late = []error{errLostBefore}, 50*time.Second
	engine.CrashBefore = func(set values) bool { return set["id"] != nil }
	if err := engine.Run(context.Background(), self, providertest.Operation{Name: "create"}); !errors.Is(err, providertest.ErrCrashed) {
		t.Fatalf("error = %v, want the crash", err)
	}
	engine.CrashBefore = nil
	if err := engine.Run(context.Background(), self, providertest.Operation{Name: "create", Resumed: true}); err != nil {
		t.Fatal(err)
	}
	compare(t, "adopted after the resume", values{"id": "thing-1", "description": "of thing-1"}, self, []string{"thing-1"}, []string{"create", "create"}, c)
}
