package rehearsal_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func newWorld(faults ...rehearsal.Fault) *rehearsal.World {
	return rehearsal.New(rehearsal.Config{Now: func() time.Time { return start }, Faults: faults})
}

// makeThing is a call with an effect: it makes the thing, or refuses it.
func makeThing(w *rehearsal.World, refuse bool) error {
	return w.Serve(context.Background(), "aws", "ec2.MakeThing", func(s *rehearsal.Served) error {
		s.ID, s.Effective = "thing-1", true
		if err := s.Put(rehearsal.Object{Cloud: "aws", Kind: "thing", ID: "thing-1"}); err != nil {
			return err
		}
		if refuse {
			return rehearsal.Refuse(400, "Thing.Bad", "no thing today")
		}
		return nil
	})
}

func TestServe(t *testing.T) {
	done := rehearsal.CallRecord{At: start, Cloud: "aws", Call: "ec2.MakeThing", ID: "thing-1", Effective: true}
	failed := func(message string) rehearsal.CallRecord {
		return rehearsal.CallRecord{At: start, Cloud: "aws", Call: "ec2.MakeThing", Error: message}
	}
	refused := failed("Thing.Bad: no thing today")
	refused.ID = "thing-1"
	lost := done
	lost.Error = "rehearsed fault: lost"
	cases := map[string]struct {
		reason    string
		fault     string
		refuse    bool
		wantFault string
		refused   bool
		exists    bool
		calls     []rehearsal.CallRecord
	}{
		"OK":          {reason: "no fault: the effect and its record are kept", exists: true, calls: []rehearsal.CallRecord{done}},
		"Throttle":    {reason: "a throttled call surely has no effect", fault: "throttle", wantFault: "throttle", calls: []rehearsal.CallRecord{failed("rehearsed fault: throttle")}},
		"Error":       {reason: "a server error comes before any effect", fault: "error", wantFault: "error", calls: []rehearsal.CallRecord{failed("rehearsed fault: error")}},
		"Capacity":    {reason: "no room, no effect", fault: "capacity", wantFault: "capacity", calls: []rehearsal.CallRecord{failed("rehearsed fault: capacity")}},
		"Lost":        {reason: "the effect is there, only the answer is not", fault: "lost", wantFault: "lost", exists: true, calls: []rehearsal.CallRecord{lost}},
		"Slow":        {reason: "at top speed a slow answer is just an answer", fault: "slow", exists: true, calls: []rehearsal.CallRecord{done}},
		"Refused":     {reason: "a refusal undoes what the handler did before it", refuse: true, refused: true, calls: []rehearsal.CallRecord{refused}},
		"RefusedLost": {reason: "a refused call has no answer worth losing", fault: "lost", refuse: true, refused: true, calls: []rehearsal.CallRecord{refused}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var faults []rehearsal.Fault
			if tc.fault != "" {
				faults = append(faults, rehearsal.Fault{Cloud: "aws", Call: "ec2.MakeThing", Kind: tc.fault, Times: 1})
			}
			w := newWorld(faults...)
			err := makeThing(w, tc.refuse)

			gotFault := ""
			if faulted, ok := errors.AsType[*rehearsal.FaultedError](err); ok {
				gotFault = faulted.Kind
			}
			_, refused := errors.AsType[*rehearsal.Refusal](err)
			if gotFault != tc.wantFault || refused != tc.refused {
				t.Errorf("%s: error = %v", tc.reason, err)
			}
			view(t, w, func(tx rehearsal.Tx) {
				if _, exists, _ := tx.Get("aws", "thing", "thing-1"); exists != tc.exists {
					t.Errorf("%s: exists = %t, want %t", tc.reason, exists, tc.exists)
				}
				calls, _ := tx.Calls(rehearsal.CallQuery{})
				if diff := cmp.Diff(tc.calls, calls); diff != "" {
					t.Errorf("%s: calls (-want +got):\n%s", tc.reason, diff)
				}
			})
		})
	}
}

func TestFaultTimes(t *testing.T) {
	w := newWorld(
		rehearsal.Fault{Cloud: "azure", Kind: rehearsal.FaultError, Times: 9},
		rehearsal.Fault{Cloud: "*", Call: "ec2.MakeThing", Kind: rehearsal.FaultThrottle, Times: 2},
		rehearsal.Fault{Kind: rehearsal.FaultLost, Times: 1},
	)
	var got []string
	for range 4 {
		kind := ""
		if faulted, ok := errors.AsType[*rehearsal.FaultedError](makeThing(w, false)); ok {
			kind = faulted.Kind
		}
		got = append(got, kind)
	}
	if diff := cmp.Diff([]string{"throttle", "throttle", "lost", ""}, got); diff != "" {
		t.Errorf("faults are used in plan order, each its number of times (-want +got):\n%s", diff)
	}
}

func TestParseFaults(t *testing.T) {
	cases := map[string]struct {
		reason, text string
		want         []rehearsal.Fault
		fails        bool
	}{
		"OK":         {reason: "times defaults to one", text: `[{"cloud":"aws","call":"ec2.CreateVpc","kind":"lost"}]`, want: []rehearsal.Fault{{Cloud: "aws", Call: "ec2.CreateVpc", Kind: "lost", Times: 1}}},
		"ErrKind":    {reason: "an unknown kind would silently test nothing", text: `[{"kind":"explode"}]`, fails: true},
		"ErrUnknown": {reason: "so would a misspelt key", text: `[{"clod":"aws","kind":"lost"}]`, fails: true},
		"ErrNotJSON": {reason: "a plan is JSON", text: `lost`, fails: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := rehearsal.ParseFaults([]byte(tc.text))
			if (err != nil) != tc.fails {
				t.Fatalf("%s: error = %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSpeed(t *testing.T) {
	cases := map[string]struct {
		reason, text string
		minute       time.Duration
		fails        bool
	}{
		"Max":         {reason: "nothing waits", text: "max", minute: 0},
		"Sixty":       {reason: "minutes become seconds", text: "60", minute: time.Second},
		"RealTime":    {reason: "one is real time", text: "1", minute: time.Minute},
		"ErrZero":     {reason: "dividing by nothing is what max is for", text: "0", fails: true},
		"ErrNegative": {reason: "time goes forward", text: "-1", fails: true},
		"ErrNaN":      {reason: "NaN is no speed", text: "NaN", fails: true},
		"ErrWord":     {reason: "only one word is known", text: "fast", fails: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			speed, err := rehearsal.ParseSpeed(tc.text)
			if (err != nil) != tc.fails {
				t.Fatalf("%s: error = %v", tc.reason, err)
			}
			if got := speed.Scale(time.Minute); err == nil && got != tc.minute {
				t.Errorf("%s: a minute lasts %s, want %s", tc.reason, got, tc.minute)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	w := newWorld()
	seen := map[string]bool{}
	update(t, w, func(tx rehearsal.Tx) error {
		for range 600 {
			address, err := rehearsal.NewAddress(tx)
			if err != nil {
				return err
			}
			if seen[address] || !netip.MustParsePrefix("198.18.0.0/15").Contains(netip.MustParseAddr(address)) {
				t.Fatalf("address %s is taken or foreign", address)
			}
			seen[address] = true
		}
		return nil
	})
}

func TestMachines(t *testing.T) {
	w := newWorld()
	a := rehearsal.Machine{ID: "i-a", PrivateIP: "10.0.0.4", PublicIPs: []string{"198.18.0.1"}, Running: true}
	b := rehearsal.Machine{ID: "i-b", PrivateIP: "10.0.0.4", Running: true}
	find := func(address string) (id string) {
		view(t, w, func(tx rehearsal.Tx) {
			machine, _, err := rehearsal.FindMachine(tx, address)
			if err != nil {
				t.Fatal(err)
			}
			id = machine.ID
		})
		return id
	}
	expect := func(reason string, want map[string]string) {
		t.Helper()
		got := map[string]string{}
		for address := range want {
			got[address] = find(address)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", reason, diff)
		}
	}

	update(t, w, func(tx rehearsal.Tx) error { return rehearsal.PutMachine(tx, a) })
	expect("a machine answers at its addresses", map[string]string{"198.18.0.1": "i-a", "10.0.0.4": "i-a", "198.18.0.2": ""})

	a.PublicIPs = []string{"198.18.0.2"}
	update(t, w, func(tx rehearsal.Tx) error {
		return errors.Join(rehearsal.PutMachine(tx, a), rehearsal.PutMachine(tx, b))
	})
	expect("an address that moved away is forgotten; a private one of two machines names neither",
		map[string]string{"198.18.0.1": "", "198.18.0.2": "i-a", "10.0.0.4": ""})

	update(t, w, func(tx rehearsal.Tx) error {
		return errors.Join(
			tx.Put(rehearsal.Object{Cloud: rehearsal.MachineCloud, Kind: "file", ID: "i-a:/etc/x", Scope: "i-a"}),
			tx.Put(rehearsal.Object{Cloud: "kubernetes", Kind: "cluster", ID: "https://198.18.0.2:8443", Scope: "i-a"}),
			tx.Put(rehearsal.Object{Cloud: "kubernetes", Kind: "v1/Secret", ID: "s", Scope: "https://198.18.0.2:8443"}),
		)
	})
	update(t, w, func(tx rehearsal.Tx) error { return rehearsal.DeleteMachine(tx, "i-a") })
	view(t, w, func(tx rehearsal.Tx) {
		left, err := tx.List(rehearsal.Query{})
		if err != nil || len(left) != 1 || left[0].ID != "i-b" {
			t.Errorf("a machine's files and clusters go with it; left %v, %v", left, err)
		}
	})
}

func TestMemoryUndoes(t *testing.T) {
	w := newWorld()
	boom := errors.New("boom")
	err := w.State.Update(context.Background(), func(tx rehearsal.Tx) error {
		if _, err := tx.Next("n"); err != nil {
			return err
		}
		return errors.Join(tx.Put(rehearsal.Object{Cloud: "aws", Kind: "k", ID: "1"}), boom)
	})
	if !errors.Is(err, boom) {
		t.Fatalf("error = %v, want boom", err)
	}
	update(t, w, func(tx rehearsal.Tx) error {
		left, err := tx.List(rehearsal.Query{})
		if n, nextErr := tx.Next("n"); len(left) != 0 || n != 1 || nextErr != nil {
			t.Errorf("a failed change left %v and counter %d", left, n)
		}
		return err
	})
}

func view(t *testing.T, w *rehearsal.World, read func(rehearsal.Tx)) {
	t.Helper()
	if err := w.State.View(context.Background(), func(tx rehearsal.Tx) error { read(tx); return nil }); err != nil {
		t.Fatal(err)
	}
}

func update(t *testing.T, w *rehearsal.World, change func(rehearsal.Tx) error) {
	t.Helper()
	if err := w.State.Update(context.Background(), change); err != nil {
		t.Fatal(err)
	}
}
