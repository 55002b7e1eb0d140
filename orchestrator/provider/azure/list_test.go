package azure

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	arm "github.com/slipwayhq/slipway/orchestrator/rehearsal/azure"
)

// TestListReadsEveryPage also holds that the address of a next page cannot lead
// the access token elsewhere.
func TestListReadsEveryPage(t *testing.T) {
	signIn := arm.New(rehearsal.New(rehearsal.Config{}))
	var asked []string
	pages := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/list" {
			signIn.ServeHTTP(w, r)
			return
		}
		asked = append(asked, r.Host+"?"+r.URL.RawQuery)
		next := `,"nextLink":"https://elsewhere.example/list?api-version=1&$skiptoken=two"`
		if len(asked) == 2 {
			next = ""
		}
		_, _ = fmt.Fprintf(w, `{"value":[%d]%s}`, len(asked), next)
	})
	self := &provider.Instance{NodeID: "x", Properties: document{"client_config": document{
		"subscription_id": "s", "tenant_id": "t", "client_id": "c", "client_secret": "secret",
	}}}
	client, err := New(Options{Rehearsal: rehearsal.InProcess(pages)}).clients.open(&provider.Call{Rehearsal: true, Self: self})
	if err != nil {
		t.Fatal(err)
	}
	got, there, err := client.list(t.Context(), "/list", "1")
	if err != nil || !there {
		t.Fatalf("there = %t, error = %v", there, err)
	}
	if diff := cmp.Diff(list(int64(1), int64(2)), got); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	want := []string{"management.azure.com?api-version=1", "management.azure.com?%24skiptoken=two&api-version=1"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
