package rehearsalstore_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/pgtest"
	"github.com/slipwayhq/slipway/store/rehearsalstore"
	"github.com/slipwayhq/slipway/store/storetest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

func open(t *testing.T, url string, sealer store.Sealer) *rehearsalstore.Store {
	t.Helper()
	s, err := rehearsalstore.Open(t.Context(), rehearsalstore.Options{URL: url, Sealer: sealer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestMemory holds the state that tests use to the same rules.
func TestMemory(t *testing.T) {
	run(t, func(*testing.T) rehearsal.State { return rehearsal.NewMemory() })
}

func TestSQLite(t *testing.T) {
	run(t, func(t *testing.T) rehearsal.State {
		return open(t, filepath.Join(t.TempDir(), "rehearsal.db"), storetest.Sealer(t))
	})
}

func TestPostgreSQL(t *testing.T) {
	server := pgtest.Start(t)
	run(t, func(t *testing.T) rehearsal.State { return open(t, server.Database(t), storetest.Sealer(t)) })

	t.Run("BesideTheStore", func(t *testing.T) {
		url := server.Database(t)
		storetest.Open(t, url)
		sealer := storetest.Sealer(t)
		first, second := open(t, url, sealer), open(t, url, sealer)
		change(t, first, func(tx rehearsal.Tx) error { return tx.Put(vpc("1")) })
		view(t, second, func(tx rehearsal.Tx) error {
			got, ok, err := tx.Get("aws", "ec2.Vpc", "1")
			same(t, "two servers see one world", vpc("1"), got)
			same(t, "and it is there", true, ok)
			return err
		})
	})
}

func run(t *testing.T, open func(t *testing.T) rehearsal.State) {
	for name, test := range map[string]func(*testing.T, rehearsal.State){
		"Objects": testObjects, "Lists": testLists, "Rollback": testRollback, "Calls": testCalls,
		"Faults": testFaults, "Concurrency": testConcurrency, "ViewIsReadOnly": testView,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func vpc(id string) rehearsal.Object {
	return rehearsal.Object{Cloud: "aws", Kind: "ec2.Vpc", ID: id, Name: "net", Deployment: "env", Instance: "vpc_a1b2c3", State: "available",
		Scope: "eu-central-1", Listed: true, Body: json.RawMessage(`{"cidr": "10.0.0.0/16", "password": "correct-horse"}`), CreatedAt: noon, UpdatedAt: noon}
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func change(t *testing.T, s rehearsal.State, run func(rehearsal.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), run); err != nil {
		t.Fatal(err)
	}
}

func view(t *testing.T, s rehearsal.State, run func(rehearsal.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), run); err != nil {
		t.Fatal(err)
	}
}

func testObjects(t *testing.T, s rehearsal.State) {
	changed := vpc("1")
	changed.State, changed.Listed, changed.Body = "deleted", false, nil
	change(t, s, func(tx rehearsal.Tx) error {
		if err := tx.Put(vpc("1")); err != nil {
			return err
		}
		got, _, err := tx.Get("aws", "ec2.Vpc", "1")
		same(t, "a change sees itself", vpc("1"), got)
		return errors.Join(err, tx.Put(changed), tx.Delete("aws", "ec2.Vpc", "never was"))
	})
	view(t, s, func(tx rehearsal.Tx) error {
		got, ok, err := tx.Get("aws", "ec2.Vpc", "1")
		same(t, "the last word holds", changed, got)
		same(t, "and it is there", true, ok)
		_, other, otherErr := tx.Get("azure", "ec2.Vpc", "1")
		same(t, "another cloud's is another thing", false, other)
		return errors.Join(err, otherErr)
	})
	change(t, s, func(tx rehearsal.Tx) error { return tx.Delete("aws", "ec2.Vpc", "1") })
	view(t, s, func(tx rehearsal.Tx) error {
		_, ok, err := tx.Get("aws", "ec2.Vpc", "1")
		same(t, "gone", false, ok)
		return err
	})
}

func testLists(t *testing.T, s rehearsal.State) {
	subnet, machine := vpc("s-1"), vpc("m-1")
	subnet.Kind, subnet.Scope, subnet.Name = "ec2.Subnet", "vpc-1", "front"
	machine.Cloud, machine.Kind, machine.Listed, machine.Deployment = "machine", "file", false, "other"
	change(t, s, func(tx rehearsal.Tx) error {
		return errors.Join(tx.Put(machine), tx.Put(vpc("b")), tx.Put(vpc("B")), tx.Put(subnet))
	})
	tests := map[string]struct {
		reason string
		query  rehearsal.Query
		want   []string
	}{
		"All":        {"by cloud, kind and id", rehearsal.Query{}, []string{"s-1", "B", "b", "m-1"}},
		"Cloud":      {"of one cloud", rehearsal.Query{Cloud: "machine"}, []string{"m-1"}},
		"Kind":       {"of one kind", rehearsal.Query{Cloud: "aws", Kind: "ec2.Vpc"}, []string{"B", "b"}},
		"Scope":      {"in one place", rehearsal.Query{Scope: "vpc-1"}, []string{"s-1"}},
		"Name":       {"by name", rehearsal.Query{Name: "front"}, []string{"s-1"}},
		"Deployment": {"of one deployment", rehearsal.Query{Deployment: "other"}, []string{"m-1"}},
		"Listed":     {"furniture is not listed", rehearsal.Query{Listed: true}, []string{"s-1", "B", "b"}},
		"None":       {"nothing fits", rehearsal.Query{Name: "nope"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			view(t, s, func(tx rehearsal.Tx) error {
				objects, err := tx.List(test.query)
				var ids []string
				for _, o := range objects {
					ids = append(ids, o.ID)
				}
				same(t, test.reason, test.want, ids)
				return err
			})
		})
	}
}

func testRollback(t *testing.T, s rehearsal.State) {
	failure := errors.New("no")
	err := s.Update(t.Context(), func(tx rehearsal.Tx) error {
		_, err := tx.Next("ids")
		return errors.Join(err, tx.Put(vpc("1")), tx.Record(rehearsal.CallRecord{Call: "x"}), failure)
	})
	if !errors.Is(err, failure) {
		t.Errorf("got %v, want the change's own error", err)
	}
	change(t, s, func(tx rehearsal.Tx) error {
		_, ok, err := tx.Get("aws", "ec2.Vpc", "1")
		same(t, "no object is left", false, ok)
		calls, callsErr := tx.Calls(rehearsal.CallQuery{})
		same(t, "no call", 0, len(calls))
		next, nextErr := tx.Next("ids")
		same(t, "no number is used up", int64(1), next)
		return errors.Join(err, callsErr, nextErr)
	})
}

func testCalls(t *testing.T, s rehearsal.State) {
	first := rehearsal.CallRecord{At: noon, Cloud: "aws", Call: "ec2.CreateVpc", ID: "vpc-1", Deployment: "env", Effective: true}
	second := rehearsal.CallRecord{At: noon, Cloud: "aws", Call: "ec2.CreateVpc", ID: "vpc-1", Deployment: "env", Error: "Throttling"}
	third := rehearsal.CallRecord{At: noon.Add(-time.Hour), Cloud: "azure", Call: "PUT x", Effective: true}
	for _, call := range []rehearsal.CallRecord{first, second, third} {
		change(t, s, func(tx rehearsal.Tx) error { return tx.Record(call) })
	}
	for name, test := range map[string]struct {
		reason string
		query  rehearsal.CallQuery
		want   []rehearsal.CallRecord
	}{
		"All":        {"in the order in which they came", rehearsal.CallQuery{}, []rehearsal.CallRecord{first, second, third}},
		"Effective":  {"those that changed the world", rehearsal.CallQuery{Effective: true}, []rehearsal.CallRecord{first, third}},
		"Cloud":      {"of one cloud", rehearsal.CallQuery{Cloud: "azure"}, []rehearsal.CallRecord{third}},
		"Deployment": {"of one deployment, the first", rehearsal.CallQuery{Deployment: "env", Limit: 1}, []rehearsal.CallRecord{first}},
	} {
		t.Run(name, func(t *testing.T) {
			view(t, s, func(tx rehearsal.Tx) error {
				calls, err := tx.Calls(test.query)
				same(t, test.reason, test.want, calls)
				return err
			})
		})
	}
}

func testFaults(t *testing.T, s rehearsal.State) {
	var taken []bool
	for _, times := range []int{2, 2, 2, 0, 3, 3} {
		change(t, s, func(tx rehearsal.Tx) error {
			ok, err := tx.TakeFault("lost", times)
			taken = append(taken, ok)
			return err
		})
	}
	same(t, "each occurrence once; more of them later are new ones", []bool{true, true, false, false, true, false}, taken)
}

func testConcurrency(t *testing.T, s rehearsal.State) {
	const workers, rounds = 8, 10
	group, ctx := errgroup.WithContext(t.Context())
	runs := make([]int, workers)
	for worker := range workers {
		group.Go(func() error {
			for range rounds {
				err := s.Update(ctx, func(tx rehearsal.Tx) error {
					runs[worker]++
					objects, err := tx.List(rehearsal.Query{})
					if err != nil {
						return err
					}
					number, err := tx.Next("ids")
					if err != nil {
						return err
					}
					if int(number) != len(objects)+1 {
						return errors.New("two changes saw the same world")
					}
					return tx.Put(vpc(time.Duration(number).String()))
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, n := range runs {
		same(t, "a change runs once", rounds, n)
	}
}

func testView(t *testing.T, s rehearsal.State) {
	if err := s.View(t.Context(), func(tx rehearsal.Tx) error { return tx.Put(vpc("1")) }); err == nil {
		t.Error("a view could write")
	}
}

func TestBodiesAreSealed(t *testing.T) {
	folder := t.TempDir()
	s := open(t, filepath.Join(folder, "rehearsal.db"), storetest.Sealer(t))
	change(t, s, func(tx rehearsal.Tx) error { return tx.Put(vpc("1")) })
	for _, name := range []string{"rehearsal.db", "rehearsal.db-wal"} {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte("correct-horse")) {
			t.Errorf("%s holds a password in clear", name)
		}
	}
}
