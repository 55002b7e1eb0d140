package aws_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/provider/aws"
	"github.com/slipwayhq/slipway/orchestrator/provider/providertest"
)

// wire is a peer that answers each action of EC2 in turn: with a status and a
// code, or, for status 0, by breaking the connection.
type wire struct {
	mu      sync.Mutex
	answers map[string][]answer
	asked   map[string]int
	bodies  []string
}

type answer struct {
	status int
	body   string
}

func refusal(status int, code string) answer {
	return answer{status, fmt.Sprintf("<Response><Errors><Error><Code>%s</Code><Message>no</Message></Error></Errors><RequestID>r</RequestID></Response>", code)}
}

func (w *wire) ServeHTTP(out http.ResponseWriter, request *http.Request) {
	if err := request.ParseForm(); err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
		return
	}
	action := request.PostForm.Get("Action")
	w.mu.Lock()
	n := w.asked[action]
	w.asked[action]++
	w.bodies = append(w.bodies, request.PostForm.Encode())
	list := w.answers[action]
	w.mu.Unlock()
	if len(list) == 0 {
		http.Error(out, "unexpected", http.StatusTeapot)
		return
	}
	a := list[min(n, len(list)-1)]
	if a.status == 0 {
		panic(http.ErrAbortHandler)
	}
	out.Header().Set("Content-Type", "text/xml")
	out.WriteHeader(a.status)
	_, _ = out.Write([]byte(a.body))
}

const created = `<CreateVpcResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><vpc><vpcId>vpc-1</vpcId></vpc></CreateVpcResponse>`

// described is a VPC with the ownership tags of the test's engine.
const described = `<DescribeVpcsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><vpcSet><item><vpcId>vpc-1</vpcId><state>available</state>` +
	`<tagSet><item><key>slipway:installation</key><value>inst-1</value></item></tagSet></item></vpcSet></DescribeVpcsResponse>`

const (
	mainTable = `<DescribeRouteTablesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><routeTableSet><item><routeTableId>rtb-1</routeTableId></item></routeTableSet></DescribeRouteTablesResponse>`
	noTables  = `<DescribeRouteTablesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><routeTableSet/></DescribeRouteTablesResponse>`
)

// TestOverHTTP sends real requests over real connections: what the SDK repeats
// by itself, and what it must not.
func TestOverHTTP(t *testing.T) {
	none := strings.ReplaceAll(described, described[strings.Index(described, "<item>"):strings.Index(described, "</vpcSet>")], "")
	cases := map[string]struct {
		reason  string
		answers map[string][]answer
		want    map[string]int
		fatal   bool
		id      orchestrator.Value
	}{
		"LostAnswer": {
			reason: "a create whose answer is lost is sent once; its effect is found by tag",
			answers: map[string][]answer{
				"CreateVpc": {{}}, "DescribeVpcs": {{200, none}, {200, described}}, "DescribeRouteTables": {{200, mainTable}},
			},
			want: map[string]int{"CreateVpc": 1, "DescribeVpcs": 3, "DescribeRouteTables": 1}, id: "vpc-1",
		},
		"ServerError": {
			reason: "so is one after a server error",
			answers: map[string][]answer{
				"CreateVpc": {refusal(500, "InternalError")}, "DescribeVpcs": {{200, none}, {200, described}}, "DescribeRouteTables": {{200, mainTable}},
			},
			want: map[string]int{"CreateVpc": 1, "DescribeVpcs": 3, "DescribeRouteTables": 1}, id: "vpc-1",
		},
		"Throttled": {
			reason: "throttling surely had no effect: the SDK repeats it",
			answers: map[string][]answer{
				"CreateVpc":    {refusal(503, "RequestLimitExceeded"), {200, created}},
				"DescribeVpcs": {{200, described}}, "DescribeRouteTables": {{200, mainTable}},
			},
			want: map[string]int{"CreateVpc": 2, "DescribeVpcs": 1, "DescribeRouteTables": 1}, id: "vpc-1",
		},
		"EmptyPage": {
			reason: "a page without results is not the last one",
			answers: map[string][]answer{
				"CreateVpc":           {{200, created}},
				"DescribeVpcs":        {{200, strings.Replace(none, "</DescribeVpcsResponse>", "<nextToken>more</nextToken></DescribeVpcsResponse>", 1)}, {200, described}},
				"DescribeRouteTables": {{200, mainTable}},
			},
			want: map[string]int{"CreateVpc": 1, "DescribeVpcs": 2, "DescribeRouteTables": 1}, id: "vpc-1",
		},
		"LateTable": {
			reason: "a VPC without its main route table is not whole yet",
			answers: map[string][]answer{
				"CreateVpc": {{200, created}}, "DescribeVpcs": {{200, described}}, "DescribeRouteTables": {{200, noTables}, {200, mainTable}},
			},
			want: map[string]int{"CreateVpc": 1, "DescribeVpcs": 2, "DescribeRouteTables": 2}, id: "vpc-1",
		},
		"ErrNoRoom": {
			reason:  "no room is hopeless, though EC2 answers as if it were its own fault",
			answers: map[string][]answer{"CreateVpc": {{200, created}}, "DescribeVpcs": {refusal(500, "InsufficientCapacity")}},
			want:    map[string]int{"CreateVpc": 1, "DescribeVpcs": 1}, fatal: true, id: "vpc-1",
		},
		"ErrLimit": {
			reason:  "a quota is hopeless",
			answers: map[string][]answer{"CreateVpc": {refusal(400, "VpcLimitExceeded")}},
			want:    map[string]int{"CreateVpc": 1}, fatal: true,
		},
		"ErrUnauthorized": {
			reason:  "so are missing permissions",
			answers: map[string][]answer{"CreateVpc": {refusal(403, "UnauthorizedOperation")}},
			want:    map[string]int{"CreateVpc": 1}, fatal: true,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			peer := &wire{answers: tc.answers, asked: map[string]int{}}
			server := httptest.NewServer(peer)
			defer server.Close()
			vpc, err := createVpcAt(t, server.URL)
			if provider.IsFatal(err) != tc.fatal || (err != nil) != tc.fatal {
				t.Fatalf("%s: error = %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, peer.asked); diff != "" {
				t.Errorf("%s: requests (-want +got):\n%s", tc.reason, diff)
			}
			if vpc.Runtime["aws_resource_id"] != tc.id {
				t.Errorf("%s: aws_resource_id = %v, want %v", tc.reason, vpc.Runtime["aws_resource_id"], tc.id)
			}
			if !strings.Contains(peer.bodies[0], "TagSpecification.1.Tag.2.Key=slipway%3Adeployment") {
				t.Errorf("the create itself carries the ownership tags; it was %s", peer.bodies[0])
			}
		})
	}
}

// TestConnectionsAreKept holds that operations leave no connections of their own
// behind.
func TestConnectionsAreKept(t *testing.T) {
	server := httptest.NewUnstartedServer(&wire{asked: map[string]int{}, answers: map[string][]answer{
		"CreateVpc": {{200, created}}, "DescribeVpcs": {{200, described}}, "DescribeRouteTables": {{200, mainTable}},
	}})
	var open atomic.Int32
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	server.Start()
	defer server.Close()
	engine := engineAt(t, server.URL)
	const operations = 20
	for range operations {
		providertest.Must(t, engine.Run(context.Background(), vpcAt(server.URL), act("configure", "vpc.create")))
	}
	// One, and perhaps some that the transport is about to close.
	if got := open.Load(); got > operations/2 {
		t.Errorf("after %d operations of one account %d connections are open", operations, got)
	}
}

func createVpcAt(t *testing.T, endpoint string) (*provider.Instance, error) {
	t.Helper()
	vpc := vpcAt(endpoint)
	return vpc, engineAt(t, endpoint).Run(context.Background(), vpc, act("configure", "vpc.create"))
}

// engineAt is an engine whose provider may dial the endpoint.
func engineAt(t *testing.T, endpoint string) *providertest.Engine {
	t.Helper()
	address, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return providertest.New(providertest.Dialled(aws.New(aws.Options{EndpointHosts: []string{address.Host}})))
}

func vpcAt(endpoint string) *provider.Instance {
	vpc := newInstance("vpc", typeOf("Vpc"), properties(values{"CidrBlock": "10.0.0.0/16"}))
	vpc.Properties["client_config"].(values)["endpoint_url"] = endpoint
	return vpc
}
