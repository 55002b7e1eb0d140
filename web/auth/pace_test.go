package auth

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

func TestPace(t *testing.T) {
	// A second is longer than the test: nothing is given back meanwhile.
	p := NewPace(Share{Rate: 1, Burst: 3}, Share{Rate: 1, Burst: 8})
	take := func(from, proof string, times int) (refused int) {
		for range times {
			if p.Take(from, proof) != nil {
				refused++
			}
		}
		return refused
	}
	if n := take("192.0.2.1", "ada", 3); n != 0 {
		t.Errorf("%d of ada's 3 requests are refused", n)
	}
	if n := take("192.0.2.1", "ada", 2); n != 2 {
		t.Errorf("over ada's share %d of 2 are refused", n)
	}
	if n := take("192.0.2.1", "eve", 1); n != 0 {
		t.Error("eve pays for ada")
	}
	if n := take("192.0.2.2", "ada", 3); n != 0 {
		t.Error("another address pays for the first one")
	}
	if n := take("192.0.2.1", "made up", 2) + take("192.0.2.1", "another", 2); n != 2 {
		t.Errorf("new proofs are refused %d times, want 2 over the address's share", n)
	}
	if n := take("2001:db8::1", "", 8) + take("2001:db8::2", "", 1); n != 1 {
		t.Errorf("of one IPv6 network %d are refused, want 1", n)
	}
}

func TestPaceSaysWhenToComeBack(t *testing.T) {
	p := NewPace(Share{Rate: 1, Burst: 1}, Share{Rate: 1, Burst: 1})
	if err := p.Take("192.0.2.1", "ada"); err != nil {
		t.Fatal(err)
	}
	err := p.Take("192.0.2.1", "ada")
	refused, ok := errors.AsType[*orchestrator.Error](err)
	if !ok || refused.Code != orchestrator.TooMany || refused.RetryAfter != time.Second {
		t.Errorf("refused by %#v", err)
	}
}

func TestAPIKeepsPace(t *testing.T) {
	api, err := NewAPI(&people{}, nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	api.pace = NewPace(Share{Rate: 1, Burst: 1}, Share{Rate: 1, Burst: 10})
	r := httptest.NewRequest(http.MethodGet, "/api/v3.1/status", nil)
	r.Header.Set("Authentication-Token", "wrong")
	if _, err := api.Authenticate(r); orchestrator.ErrorCode(err) != orchestrator.Unauthorized {
		t.Errorf("the first request answers %v", err)
	}
	if _, err := api.Authenticate(r); orchestrator.ErrorCode(err) != orchestrator.TooMany {
		t.Errorf("the second request answers %v", err)
	}
}
