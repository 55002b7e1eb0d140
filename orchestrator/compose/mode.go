package compose

import (
	"fmt"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Policy is the server's setting SLIPWAY_REHEARSAL.
type Policy string

// The policies.
const (
	Auto Policy = "auto" // rehearse what cannot be real
	Only Policy = "only" // everything rehearses
	Off  Policy = "off"  // nothing rehearses
)

// ParsePolicy reads a setting.
func ParsePolicy(text string) (Policy, error) {
	switch p := Policy(text); p {
	case Auto, Only, Off:
		return p, nil
	}
	return "", fmt.Errorf("SLIPWAY_REHEARSAL is %q; it must be auto, only or off", text)
}

// Mode says whether a deployment rehearses, and why, in a sentence for people.
type Mode struct {
	Rehearsal bool
	Reason    string
}

// ModeFor decides a new top-level deployment's mode. asked is the wish of the
// request ("Rehearse first"); a real run of what must be rehearsed cannot be
// asked for. It returns an *orchestrator.Error when the launch is refused.
func ModeFor(policy Policy, asked bool, r *Resolution, facts Facts) (Mode, error) {
	rehearsed, genuine, err := readModes(r, facts)
	if err != nil {
		return Mode{}, err
	}
	if len(rehearsed) > 0 && len(genuine) > 0 {
		return Mode{}, orchestrator.Errorf(orchestrator.Invalid,
			"it reads capabilities of %s, which is a rehearsal, and of %s, which is real; they never share anything", rehearsed[0], genuine[0])
	}
	if asked && policy == Off {
		return Mode{}, orchestrator.Errorf(orchestrator.Invalid,
			"a rehearsal was asked for, and this server never rehearses (SLIPWAY_REHEARSAL is off); launch for real, or rehearse on another server")
	}
	mode := wanted(policy, asked, r, rehearsed)
	if mode.Rehearsal && len(genuine) > 0 {
		return Mode{}, orchestrator.Errorf(orchestrator.Invalid,
			"it would rehearse (%s) but reads capabilities of %s, which is real; they never share anything", mode.Reason, genuine[0])
	}
	if !mode.Rehearsal {
		return mode, refuseReal(r, rehearsed, "SLIPWAY_REHEARSAL is off")
	}
	return mode, missingSecrets(r, orchestrator.IsCloudCredential)
}

func wanted(policy Policy, asked bool, r *Resolution, rehearsed []string) Mode {
	credentials := unusable(r)
	switch {
	case policy == Off:
		return Mode{Reason: "this server runs everything for real"}
	case policy == Only:
		return Mode{true, "this server only rehearses"}
	case len(rehearsed) > 0:
		return Mode{true, fmt.Sprintf("it reads from %s, which is a rehearsal", rehearsed[0])}
	case len(credentials) > 0:
		return Mode{true, fmt.Sprintf("%s not set yet", list(credentials))}
	case asked:
		return Mode{true, "a rehearsal was asked for"}
	default:
		return Mode{Reason: "all cloud credentials are set"}
	}
}

// unusable lists cloud credentials that are missing or placeholders, and other
// placeholders, of those that will be read.
func unusable(r *Resolution) []string {
	keys := append([]string(nil), r.Placeholders...)
	for _, key := range r.Missing {
		if orchestrator.IsCloudCredential(key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// refuseReal refuses a real run that would read a placeholder, a missing
// secret or a rehearsal, before it starts. why says why it cannot rehearse.
func refuseReal(r *Resolution, rehearsed []string, why string) error {
	if len(rehearsed) > 0 {
		return orchestrator.Errorf(orchestrator.Invalid, "it reads capabilities of %s, which is a rehearsal, and would itself be real; they never share anything", rehearsed[0])
	}
	if len(r.Placeholders) > 0 {
		return orchestrator.Errorf(orchestrator.Invalid,
			"%s still the placeholder of the first start and %s; set %s on the Secrets page or with: slipway secrets update %s -f FILE",
			listIs(r.Placeholders), why, pronoun(r.Placeholders), r.Placeholders[0])
	}
	return missingSecrets(r, func(string) bool { return false })
}

func missingSecrets(r *Resolution, excepted func(string) bool) error {
	var missing []string
	for _, key := range r.Missing {
		if !excepted(key) {
			missing = append(missing, key)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return orchestrator.Errorf(orchestrator.Invalid,
		"required secrets [%s] don't exist in this tenant; create them on the Secrets page or with: slipway secrets create %s -f FILE",
		strings.Join(missing, ", "), missing[0]).Because("unknown_deployment_secret_error")
}

func readModes(r *Resolution, facts Facts) (rehearsed, genuine []string, err error) {
	for _, id := range r.Reads {
		d, ok, err := facts.Deployment(id)
		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("read deployment %s: %w", id, err)
		case ok && d.Rehearsal:
			rehearsed = append(rehearsed, id)
		case ok:
			genuine = append(genuine, id)
		}
	}
	return rehearsed, genuine, nil
}

func list(keys []string) string {
	if len(keys) == 1 {
		return keys[0] + " is"
	}
	return strings.Join(keys, ", ") + " are"
}

func listIs(keys []string) string {
	if len(keys) == 1 {
		return "secret " + keys[0] + " is"
	}
	return "secrets " + strings.Join(keys, ", ") + " are"
}

func pronoun(keys []string) string {
	if len(keys) == 1 {
		return "it"
	}
	return "them"
}

// CheckInherited checks a component against the mode of its parent: a real one
// must not read a placeholder or a rehearsal, a rehearsed one nothing real.
func CheckInherited(mode Mode, r *Resolution, facts Facts) error {
	rehearsed, genuine, err := readModes(r, facts)
	if err != nil {
		return err
	}
	if !mode.Rehearsal {
		return refuseReal(r, rehearsed, "the environment that this is a component of is real")
	}
	if len(genuine) > 0 {
		return orchestrator.Errorf(orchestrator.Invalid, "it rehearses but reads capabilities of %s, which is real; they never share anything", genuine[0])
	}
	return missingSecrets(r, orchestrator.IsCloudCredential)
}
