package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/slipwayhq/slipway/blueprints"
	"github.com/slipwayhq/slipway/orchestrator/control"
)

// catalogue hands the bundled blueprints to control.
type catalogue struct{}

var _ control.Catalogue = catalogue{}

func (catalogue) Types(location, dslVersion string) (text, name string, ok bool) {
	return blueprints.TypesFor(location, dslVersion)
}

func (catalogue) SampleEaasParams() string { return blueprints.SampleEaasParams() }

func (catalogue) Blueprints() ([]control.BundledBlueprint, error) {
	var bundled []control.BundledBlueprint
	for _, entry := range blueprints.Catalog() {
		files, err := entry.Files()
		if err != nil {
			return nil, fmt.Errorf("bundled blueprint %s: %w", entry.ID, err)
		}
		bundled = append(bundled, control.BundledBlueprint{
			ID: entry.ID, Title: entry.Title, Description: entry.Description, Kind: string(entry.Kind),
			Files: files, MainFile: "blueprint.yaml",
		})
	}
	return bundled, nil
}

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

func refusePrivate(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	ip := net.ParseIP(host)
	if ip == nil || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip.IsMulticast() {
		return fmt.Errorf("%s is not a public address", host)
	}
	return nil
}
