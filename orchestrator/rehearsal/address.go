package rehearsal

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// addresses is the benchmarking network of RFC 2544: no host on the Internet has
// an address in it, so a rehearsed address can never be dialled by mistake.
var addresses = netip.MustParsePrefix("198.18.0.0/15")

const (
	worldCloud  = "world"
	addressKind = "address"
)

// NewAddress leases a public address that nothing else in the world has.
// ReleaseAddress ends the lease.
func NewAddress(tx Tx) (string, error) {
	size := uint64(1) << (32 - addresses.Bits())
	for range size {
		n, err := tx.Next("address")
		if err != nil {
			return "", fmt.Errorf("next address: %w", err)
		}
		address := nthAddress(uint64(n) % size)
		if last := address.As4()[3]; last == 0 || last == 255 {
			continue
		}
		_, taken, err := tx.Get(worldCloud, addressKind, address.String())
		if err != nil {
			return "", fmt.Errorf("look up address: %w", err)
		}
		if !taken {
			return address.String(), tx.Put(Object{Cloud: worldCloud, Kind: addressKind, ID: address.String()})
		}
	}
	return "", Refuse(503, "AddressesExhausted", "the rehearsal has no free address left in %s", addresses)
}

func nthAddress(n uint64) netip.Addr {
	base := addresses.Addr().As4()
	var out [4]byte
	binary.BigEndian.PutUint32(out[:], binary.BigEndian.Uint32(base[:])+uint32(n))
	return netip.AddrFrom4(out)
}

// ReleaseAddress gives an address back.
func ReleaseAddress(tx Tx, address string) error {
	return tx.Delete(worldCloud, addressKind, address)
}
