package ssh

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator/provider/ctxproxy"
)

func TestDecide(t *testing.T) {
	ended := func(attempt, code int) seenRun { return seenRun{attempt: attempt, code: &code} }
	begun := func(attempt int) seenRun { return seenRun{attempt: attempt} }
	asksRetry := ended(0, 0)
	asksRetry.verdict = &ctxproxy.Verdict{Kind: ctxproxy.Retry}
	returned := ended(0, 0)
	returned.verdict = &ctxproxy.Verdict{Kind: ctxproxy.Returns}
	tests := map[string]struct {
		reason string
		seen   sighting
		want   asked
		is     decision
	}{
		"First":               {"nothing began yet", sighting{}, asked{}, decision{actStart, 0}},
		"ResumedBeforeStart":  {"the crash came before the script", sighting{}, asked{resumed: true}, decision{actStart, 0}},
		"StillRuns":           {"a running script is followed", sighting{busy: true, runs: []seenRun{begun(0)}}, asked{resumed: true}, decision{actFollow, 0}},
		"EarlierStillRuns":    {"also when it belongs to an attempt that was given up: two at once must never be", sighting{busy: true, runs: []seenRun{begun(0)}}, asked{attempt: 1}, decision{actFollow, 0}},
		"EndedUnseen":         {"an end that nobody heard of counts", sighting{runs: []seenRun{ended(0, 3)}}, asked{resumed: true}, decision{actFinish, 0}},
		"EarlierFailed":       {"its failure is why there is another attempt", sighting{runs: []seenRun{ended(0, 3)}}, asked{attempt: 1}, decision{actStart, 1}},
		"EarlierSucceeded":    {"its success was lost with the connection", sighting{runs: []seenRun{ended(0, 0)}}, asked{attempt: 1}, decision{actFinish, 0}},
		"EarlierReturned":     {"a returned value does not change that", sighting{runs: []seenRun{returned}}, asked{attempt: 1}, decision{actFinish, 0}},
		"EarlierAskedToRetry": {"it ended well and wanted another attempt", sighting{runs: []seenRun{asksRetry}}, asked{attempt: 1}, decision{actStart, 1}},
		"Lost":                {"how it ended cannot be told", sighting{runs: []seenRun{begun(0)}}, asked{resumed: true}, decision{actInterrupted, 0}},
		"LostResumable":       {"it is declared safe to run again", sighting{runs: []seenRun{begun(0)}}, asked{resumed: true, resumable: true}, decision{actStart, 0}},
		"EarlierLost":         {"the next attempt knows no more than the last", sighting{runs: []seenRun{begun(0)}}, asked{attempt: 1}, decision{actInterrupted, 0}},
		"AnotherLife":         {"the user resumed a failed execution: the step begins anew", sighting{runs: []seenRun{ended(0, 3), ended(1, 3)}}, asked{}, decision{actStart, 0}},
		"AnotherLifeLost":     {"the user has looked at the machine, as the message asked", sighting{runs: []seenRun{begun(0)}}, asked{}, decision{actStart, 0}},
		"NewestCounts":        {"older attempts are history", sighting{runs: []seenRun{ended(0, 3), ended(1, 0)}}, asked{attempt: 1, resumed: true}, decision{actFinish, 1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := decide(tt.seen, tt.want); got != tt.is {
				t.Errorf("%s: got %v, want %v", tt.reason, got, tt.is)
			}
		})
	}
}

func TestParseSighting(t *testing.T) {
	code := 3
	tests := map[string]struct {
		reason string
		text   string
		want   sighting
		fails  bool
	}{
		"Everything": {"", "root /r\nmask 0022\nsocket /r/s\ntoken t\nport 40001\nclient c\nlock busy\nrun 0 ended 3\nverdict 0 {\"kind\":\"retry\",\"message\":\"m\"}\nrun 10 started\n",
			sighting{root: "/r", mask: "0022", socket: "/r/s", token: "t", port: "40001", client: "c", busy: true, runs: []seenRun{
				{attempt: 0, code: &code, verdict: &ctxproxy.Verdict{Kind: "retry", Message: "m"}}, {attempt: 10},
			}}, false},
		"Greeting":   {"what a login script prints is not ours", "Welcome!\nroot /r\nsocket /r/s\nlock free\n", sighting{root: "/r", socket: "/r/s"}, false},
		"Incomplete": {"a cut answer must not look like a fresh machine", "root /r\n", sighting{}, true},
		"BadCode":    {"", "root /r\nsocket s\nrun 0 ended x\n", sighting{}, true},
		"BadVerdict": {"", "root /r\nsocket s\nrun 0 started\nverdict 0 {\n", sighting{}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseSighting(tt.text)
			if (err != nil) != tt.fails {
				t.Fatalf("%s: %v", tt.reason, err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(sighting{}, seenRun{})); diff != "" {
				t.Errorf("%s: %s", tt.reason, diff)
			}
		})
	}
}

// The end of what a script said goes into an error's text, which is searched for
// secrets afterwards: it must not begin in the middle of one.
func TestEndingIsWholeWords(t *testing.T) {
	secret := strings.Repeat("s3cret", 100)
	for name, tc := range map[string]struct{ reason, text, want string }{
		"Short":  {"all of a short text", "token " + secret[:60], "token " + secret[:60]},
		"Cut":    {"a word that would be halved is left out", "token " + secret + " was refused", "… was refused"},
		"OneOne": {"a text of one word has no end", secret, "… "},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ending(tc.text); got != tc.want {
				t.Errorf("%s: %q, want %q", tc.reason, got, tc.want)
			}
		})
	}
}
