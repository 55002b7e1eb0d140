// Package keeper says what a holder of the master key can do: wrap and unwrap
// the data keys that seal values. Its leaves hold the key in a file or in a key
// service; the key itself never comes out. It knows nothing of what is sealed.
package keeper

import "context"

// Keeper wraps small keys with a key of its own. Encrypt, Decrypt and Close
// have the form that cloud key services have in gocloud.dev/secrets, so a leaf
// over one of them adds only the fingerprint. It is safe for concurrent use.
type Keeper interface {
	Encrypt(ctx context.Context, plain []byte) ([]byte, error)
	// Decrypt refuses what another key encrypted.
	Decrypt(ctx context.Context, wrapped []byte) ([]byte, error)
	// Fingerprint names the key without telling it: two servers with the same
	// fingerprint can read each other's values. It may be logged.
	Fingerprint() string
	Close() error
}
