package topology

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func node(id, kind string) Item { return Item{ID: id, Name: id, Kind: kind} }

// devSmall is the AWS development environment in mid-install: three levels deep.
func devSmall() Graph {
	vpc := &Graph{
		Items: []Item{node("vpc", "ok"), node("internet_gateway", "ok"), node("subnet_1", "ok"), node("subnet_2", "ok"),
			node("agents_security_group", "ok"), node("agents_security_group_rules", "ok")},
		Edges: []Edge{{"vpc", "internet_gateway"}, {"vpc", "subnet_1"}, {"vpc", "subnet_2"}, {"vpc", "agents_security_group"},
			{"agents_security_group", "agents_security_group_rules"}, {"vpc", "agents_security_group_rules"}},
	}
	vm := &Graph{
		Items: []Item{{ID: "vm/vpc", Name: "vpc_deployment", Kind: "ok", Port: true}, node("nic", "ok"), node("ip", "ok"), node("vm", "ok")},
		Edges: []Edge{{"vm/vpc", "nic"}, {"nic", "ip"}, {"ip", "vm"}, {"nic", "vm"}},
	}
	network := &Graph{
		Items: []Item{{ID: "vpc_deployment", Name: "vpc_deployment", Sub: "app_1-vpc", Note: "38 s", Kind: "ok", Inner: vpc},
			{ID: "vpc_external", Name: "vpc", Kind: "ok", External: true}, {ID: "route_table", Name: "main_route_table", Kind: "ok", External: true},
			{ID: "gateway_external", Name: "internet_gateway", Kind: "ok", External: true}, node("route_internet_gateway", "ok"),
			{ID: "vm_deployment", Name: "vm_deployment", Sub: "app_1-vm", Note: "1 m 46 s", Kind: "ok", Inner: vm}},
		Edges: []Edge{{"vpc_deployment", "vpc_external"}, {"vpc_external", "route_table"}, {"vpc_external", "gateway_external"},
			{"route_table", "route_internet_gateway"}, {"gateway_external", "route_internet_gateway"}, {"vpc_deployment", "vm_deployment"}},
	}
	kubernetes := &Graph{
		Items: []Item{{ID: "k/net", Name: "network", Kind: "ok", Port: true}, node("docker", "ok"),
			{ID: "minikube", Name: "minikube", Kind: "running", Note: "starting, 1 m 42 s"}},
		Edges: []Edge{{"k/net", "docker"}, {"docker", "minikube"}},
	}
	return Graph{
		Items: []Item{{ID: "prefix", Name: "prefix", Kind: "ok"},
			{ID: "network", Name: "network", Sub: "app_1-network", Note: "2 m 51 s", Kind: "ok", Inner: network},
			{ID: "kubernetes", Name: "kubernetes", Sub: "app_1-compute", Note: "2 of 3", Kind: "running", Inner: kubernetes},
			{ID: "database", Name: "database", Sub: "app_1-database", Kind: "queued"}},
		Edges: []Edge{{"prefix", "network"}, {"network", "kubernetes"}, {"network", "database"}, {"prefix", "kubernetes"}},
	}
}

func TestDraw(t *testing.T) {
	cases := map[string]struct {
		reason string
		graph  Graph
	}{
		"devSmall": {"three levels, ports, externals, running and waiting items", devSmall()},
		"empty":    {"a deployment without nodes is an empty sheet", Graph{}},
		"long": {"an edge past a column gets a place in it", Graph{
			Items: []Item{node("a", "ok"), node("b", "ok"), node("c", "ok"), node("d", "ok"), node("e", "ok")},
			Edges: []Edge{{"a", "b"}, {"b", "c"}, {"d", "c"}, {"a", "e"}, {"e", "c"}},
		}},
		"cycle": {"a cycle is cut, not followed for ever", Graph{
			Items: []Item{node("a", "ok"), node("b", "fail")},
			Edges: []Edge{{"a", "b"}, {"b", "a"}, {"a", "a"}, {"a", "ghost"}},
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := describe(Draw(tc.graph))
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

func describe(d Drawing) string {
	var out strings.Builder
	fmt.Fprintf(&out, "sheet %d x %d\n", d.Width, d.Height)
	for _, s := range d.Ruler {
		fmt.Fprintf(&out, "ruler %4d +%d %q\n", s.X, s.W, s.Text)
	}
	for _, s := range d.Boxes {
		fmt.Fprintf(&out, "box   %4d,%-4d %dx%d depth %d %s %s\n", s.X, s.Y, s.W, s.H, s.Depth, s.Name, s.Item.Kind)
	}
	for _, s := range d.Nodes {
		fmt.Fprintf(&out, "node  %4d,%-4d %dx%d %s %s\n", s.X, s.Y, s.W, s.H, s.Name, s.Item.Kind)
	}
	for _, w := range d.Wires {
		fmt.Fprintf(&out, "wire  %s %s\n", w.Kind, w.Path)
	}
	return out.String()
}

// Nothing overlaps and everything lies inside what holds it, whatever is drawn.
func TestShapesKeepApart(t *testing.T) {
	d := Draw(devSmall())
	shapes := d.Nodes
	for i, a := range shapes {
		if a.X < 0 || a.Y < rulerSpace || a.X+a.W > d.Width || a.Y+a.H > d.Height {
			t.Errorf("%s lies outside the sheet: %+v", a.Name, a)
		}
		for _, b := range shapes[i+1:] {
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("%s (%s) and %s (%s) overlap", a.Name, a.Item.ID, b.Name, b.Item.ID)
			}
		}
	}
}

// What must be up first stands to the left.
func TestEdgesLeadRight(t *testing.T) {
	g := devSmall()
	at := map[string]int{}
	d := Draw(g)
	for _, s := range append(d.Boxes, d.Nodes...) {
		at[s.Item.ID] = s.X
	}
	var check func(Graph)
	check = func(g Graph) {
		for _, e := range g.Edges {
			if at[e.From] >= at[e.To] {
				t.Errorf("%s (x %d) is not left of %s (x %d)", e.From, at[e.From], e.To, at[e.To])
			}
		}
		for _, item := range g.Items {
			if item.Inner != nil {
				check(*item.Inner)
			}
		}
	}
	check(g)
}

func TestFold(t *testing.T) {
	wide := Graph{}
	for i := range FoldAt {
		wide.Items = append(wide.Items, node(fmt.Sprintf("n%d", i), "ok"))
	}
	g := Graph{Items: []Item{
		{ID: "done", Name: "done", Sub: "d", Kind: "ok", Inner: &wide},
		{ID: "busy", Name: "busy", Sub: "b", Kind: "running", Inner: &Graph{Items: []Item{node("x", "running")}}},
	}}
	d := Draw(Fold(g))
	if len(d.Boxes) != 1 || d.Boxes[0].Item.ID != "busy" || len(d.Nodes) != 2 {
		t.Errorf("a big sheet keeps only what moves open; boxes %d, nodes %d", len(d.Boxes), len(d.Nodes))
	}
	small := Draw(Fold(devSmall()))
	if len(small.Boxes) != 4 {
		t.Errorf("a small sheet stays open; boxes %d, want 4", len(small.Boxes))
	}
}

func TestShorten(t *testing.T) {
	got := shorten("private_route_table_for_the_second_availability_zone")
	if want := "private_route_tab…availability_zone"; len([]rune(got)) != maxName || !strings.Contains(got, "…") {
		t.Errorf("shorten = %q (%d), want %d characters like %q", got, len([]rune(got)), maxName, want)
	}
}
