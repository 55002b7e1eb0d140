package timeline

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var begin = time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return begin.Add(time.Duration(seconds * float64(time.Second))) }

// did is a step that began and ended; an end of 0 still runs.
func did(id string, from, until float64, after ...string) Step {
	node, act, _ := strings.Cut(id, "/")
	s := Step{ID: id, Row: node, Name: node, Act: act, After: after, State: Done, Began: at(from)}
	if until > 0 {
		s.Ended = at(until)
	} else {
		s.State = Running
	}
	return s
}

// waits is a step that was not begun.
func waits(id string, after ...string) Step {
	node, act, _ := strings.Cut(id, "/")
	return Step{ID: id, Row: node, Name: node, Act: act, After: after, State: Waiting}
}

// told is a silent step: it carries the order from what was done to what comes.
func told(id string, when float64, after ...string) Step {
	return Step{ID: id, Row: "none", Silent: true, State: Done, Began: at(when), Ended: at(when), After: after}
}

func component(s Step, sub string, run Run) Step {
	s.Inner = append(s.Inner, Component{Run: run, Sub: sub, Href: "/executions/" + sub})
	return s
}

// installing is an install in the middle: a network, then three components
// beside each other, one of them after a failed try.
func installing() Run {
	network := Run{Ended: true, Steps: []Step{
		did("vpc/create", 1, 20), told("vpc/up", 20, "vpc/create"),
		did("subnet/create", 20, 40, "vpc/up"), did("gateway/create", 20, 30, "vpc/up"), did("gateway/start", 30, 32, "gateway/create"),
		did("nic/create", 41, 60, "subnet/create", "gateway/start"),
	}}
	database := did("psql/create", 60, 110)
	database.Failed = []Stretch{{at(60), at(62)}}
	kubernetes := Run{Steps: []Step{did("docker/create", 60, 70), did("minikube/create", 70, 80, "docker/create"), did("minikube/start", 80, 0, "minikube/create"), waits("dashboard/create", "minikube/start")}}
	return Run{Steps: []Step{
		did("prefix/create", 0, 1),
		did("network/create", 1, 1.5, "prefix/create"), component(did("network/start", 1.5, 60, "network/create"), "app-network", network),
		component(did("kubernetes/start", 60, 0, "network/start"), "app-compute", kubernetes),
		component(did("database/start", 60, 111, "network/start"), "app-database", Run{Ended: true, Steps: []Step{database}}),
		waits("website/create", "kubernetes/start"), waits("dns/create", "website/create"),
	}}
}

func failed() Run {
	broken := did("cluster/create", 5, 30, "group/create")
	broken.State = Failed
	broken.Failed = []Stretch{{at(5), at(10)}, {at(20), at(30)}}
	half := did("database/create", 5, 25, "group/create")
	return Run{Ended: true, Steps: []Step{did("group/create", 0, 5), broken, half, waits("database/start", "database/create"), waits("role/create", "cluster/create")}}
}

// wide has a finished component with more nodes than a page wants to read.
func wide() Run {
	var inside []Step
	for i := range 80 {
		inside = append(inside, did(fmt.Sprintf("node_%02d/create", i), 1, float64(2+i)))
	}
	inside[7].Failed = []Stretch{{at(1), at(2)}}
	return Run{Steps: []Step{component(did("group/start", 0, 82), "app-many", Run{Ended: true, Steps: inside}), did("after/create", 82, 0, "group/start")}}
}

func TestDraw(t *testing.T) {
	cases := map[string]struct {
		reason string
		run    Run
		now    float64
	}{
		"installing": {"components, a failed try, what runs and what waits", installing(), 120},
		"failed":     {"what failed is red, what had begun is stopped, the rest was not begun", failed(), 900},
		"wide":       {"of many rows the finished component tells its chain and failed tries only", wide(), 100},
		"nothing":    {"before the first step there is nothing to draw", Run{Steps: []Step{waits("a/create")}}, 0},
		"instant":    {"a run that took no time divides by nothing", Run{Ended: true, Steps: []Step{{ID: "a", Row: "a", Name: "a", Act: "create", State: Done, Began: begin, Ended: begin}}}, 5},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := sketch(Draw(tc.run, at(tc.now)))
			path := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// sketch writes a chart as text, a row a line.
func sketch(c Chart) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d nodes, %d runs, now at %.4g\n", c.Nodes, c.Runs, c.Now)
	for _, tick := range c.Ticks {
		fmt.Fprintf(&out, "| %.4g %s ", tick.X, tick.At)
	}
	out.WriteByte('\n')
	for _, row := range c.Rows {
		fmt.Fprintf(&out, "%-22s %-9s", strings.Repeat("  ", row.Depth-1)+row.Name, row.State)
		if row.More > 0 {
			fmt.Fprintf(&out, " %d in one", row.More)
		}
		if row.Begun {
			fmt.Fprintf(&out, " from %s for %s: %s", row.Began, row.Took, row.Acts)
		}
		for _, bar := range row.Bars {
			fmt.Fprintf(&out, " [%s %.4g+%.4g]", bar.Look, bar.X, bar.W)
		}
		for _, line := range row.Keel {
			fmt.Fprintf(&out, " (%.4g,%d to %.4g,%d)", line.X1, line.Y1, line.X2, line.Y2)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// The chain's bars and their joints cover the whole time of a run whose steps
// follow each other without a pause.
func TestChainReachesFromEndToEnd(t *testing.T) {
	run := installing()
	names := []string{}
	for _, s := range chain(run, at(120)) {
		names = append(names, s.ID)
	}
	want := []string{"prefix/create", "network/create", "vpc/create", "subnet/create", "nic/create", "docker/create", "minikube/create", "minikube/start"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("longest chain (-want +got):\n%s", diff)
	}
}

// A scale is easy to count in, however long a run took.
func TestTicks(t *testing.T) {
	for _, length := range []time.Duration{time.Millisecond, 340 * time.Millisecond, 6 * time.Second, 16 * time.Minute, 3 * time.Hour, 90 * 24 * time.Hour} {
		got := ticks(length)
		if len(got) == 0 || len(got) > mostTicks+1 || got[0].X != 0 || got[len(got)-1].X > 100 {
			t.Errorf("%s is told by %v", length, got)
		}
	}
}
