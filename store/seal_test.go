package store_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/keeper/file"
)

func openKeeper(t *testing.T) *file.Keeper {
	t.Helper()
	keeper, err := file.Open("file://" + filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	return keeper
}

func newEnvelope(t *testing.T, keeper *file.Keeper) *store.Envelope {
	t.Helper()
	envelope, err := store.NewEnvelope(t.Context(), keeper)
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

func TestEnvelope(t *testing.T) {
	keeper := openKeeper(t)
	sealer := newEnvelope(t, keeper)
	plain, place := []byte("a secret"), []byte("secrets/db/1")
	sealed, err := sealer.Seal(plain, place)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := sealer.Seal(plain, place); err != nil || bytes.Equal(sealed, again) {
		t.Errorf("the same value sealed twice reads the same (error %v): equal secrets could be told", err)
	}
	flipped := func(at int) []byte {
		damaged := bytes.Clone(sealed)
		damaged[at] ^= 1
		return damaged
	}
	tests := map[string]struct {
		reason string
		sealer *store.Envelope
		sealed []byte
		place  []byte
		opens  bool
	}{
		"OK":           {"what was sealed opens", sealer, sealed, place, true},
		"AfterRestart": {"a later process has another data key and the same keeper", newEnvelope(t, keeper), sealed, place, true},
		"OtherPlace":   {"rows cannot be swapped", sealer, sealed, []byte("secrets/db/2"), false},
		"OtherKeeper":  {"another key opens nothing", newEnvelope(t, openKeeper(t)), sealed, place, false},
		"BadVersion":   {"a form that we do not know", sealer, flipped(0), place, false},
		"BadLength":    {"a length that lies", sealer, flipped(1), place, false},
		"BadKey":       {"a wrapped key that was touched", newEnvelope(t, keeper), flipped(10), place, false},
		"BadBox":       {"a value that was touched", sealer, flipped(len(sealed) - 1), place, false},
		"Short":        {"half a value", sealer, sealed[:20], place, false},
		"Empty":        {"no value at all", sealer, nil, place, false},
		"Clear":        {"text that was never sealed", sealer, []byte("a secret"), place, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := test.sealer.Open(test.sealed, test.place)
			if opened := err == nil && bytes.Equal(got, plain); opened != test.opens {
				t.Errorf("%s: got %q, error %v", test.reason, got, err)
			}
			if err != nil && bytes.Contains([]byte(err.Error()), plain) {
				t.Errorf("the error tells the value: %v", err)
			}
		})
	}
}

// countingKeeper counts how often the key service is asked.
type countingKeeper struct {
	*file.Keeper
	decrypts int
	fail     error
}

func (k *countingKeeper) Decrypt(ctx context.Context, wrapped []byte) ([]byte, error) {
	k.decrypts++
	if k.fail != nil {
		return nil, k.fail
	}
	return k.Keeper.Decrypt(ctx, wrapped)
}

func TestEnvelopeAsksKeeperOncePerDataKey(t *testing.T) {
	keeper := &countingKeeper{Keeper: openKeeper(t), fail: errors.New("key service away")}
	earlier := newEnvelope(t, keeper.Keeper)
	later, err := store.NewEnvelope(t.Context(), keeper)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := earlier.Seal([]byte("x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := later.Open(sealed, nil); !errors.Is(err, keeper.fail) {
		t.Errorf("the service's own error is kept, got %v", err)
	}
	keeper.fail = nil
	for range 3 {
		if _, err := later.Open(sealed, nil); err != nil {
			t.Errorf("a failure is not remembered: %v", err)
		}
	}
	if keeper.decrypts != 2 {
		t.Errorf("the keeper was asked %d times, want once for the failure and once for the key", keeper.decrypts)
	}
}

// FuzzEnvelopeOpen reads what never was sealed.
func FuzzEnvelopeOpen(f *testing.F) {
	keeper, err := file.Open("file://" + filepath.Join(f.TempDir(), "key"))
	if err != nil {
		f.Fatal(err)
	}
	sealer, err := store.NewEnvelope(f.Context(), keeper)
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := sealer.Seal([]byte("a secret"), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed[:len(sealed)-1])
	f.Add(append([]byte{1, 0, 72}, sealed[3:]...)[:90])
	f.Add([]byte{1, 255, 255})
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, forged []byte) {
		if plain, err := sealer.Open(forged, nil); err == nil && !bytes.Equal(forged, sealed) {
			t.Errorf("%x opened as %q", forged, plain)
		}
	})
}
