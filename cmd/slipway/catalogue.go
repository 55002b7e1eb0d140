package main

import (
	"fmt"

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

func (catalogue) EveryType() string { return blueprints.EveryType() }

func (catalogue) Blueprints() ([]control.BundledBlueprint, error) {
	var bundled []control.BundledBlueprint
	for _, entry := range blueprints.Catalog() {
		files, err := entry.Files()
		if err != nil {
			return nil, fmt.Errorf("bundled blueprint %s: %w", entry.ID, err)
		}
		bundled = append(bundled, control.BundledBlueprint{
			ID: entry.ID, Title: entry.Title, Description: entry.Description, Kind: string(entry.Kind),
			Files: files, MainFile: blueprints.MainFile,
		})
	}
	return bundled, nil
}
