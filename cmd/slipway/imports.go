package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// Limits of a fetched import.
const (
	importTimeout = 15 * time.Second
	importBytes   = 4 << 20
)

// fetchImport gets an import over https. It refuses addresses of private
// networks after the name was resolved, so that a name cannot lead inside.
func fetchImport(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, importTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", url, err)
	}
	dialer := &net.Dialer{Timeout: importTimeout, Control: refusePrivate}
	client := &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", url, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch %s: the server answered %s", url, response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, importBytes+1))
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", url, err)
	}
	if len(text) > importBytes {
		return nil, fmt.Errorf("fetch %s: more than %d MB", url, importBytes>>20)
	}
	return text, nil
}

// insideNetworks are the address blocks that lead to this machine, to its
// neighbours, or nowhere, and that net/netip has no word for. Those that carry
// an IPv4 address inside (NAT64, 6to4) could lead anywhere.
var insideNetworks = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // carriers' and clouds' own
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), // the rehearsal's
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("fec0::/10"),
}

func refusePrivate(_, address string, _ syscall.RawConn) error {
	dialled, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !isPublic(dialled.Addr().Unmap()) {
		return fmt.Errorf("%s is not a public address", dialled.Addr())
	}
	return nil
}

func isPublic(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Zone() != "" {
		return false
	}
	return !slices.ContainsFunc(insideNetworks, func(n netip.Prefix) bool { return n.Contains(ip) })
}
