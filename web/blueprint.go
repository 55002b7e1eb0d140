package web

import (
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/views"
)

func (s *Server) blueprint(c *call) error {
	b, err := s.blueprintOf(c)
	if err != nil {
		return err
	}
	versions, err := s.control.BlueprintVersions(c.context(), c.Actor, b.ID)
	if err != nil {
		return err
	}
	deployed, err := s.deployed(c, b.ID)
	if err != nil {
		return err
	}
	page := views.BlueprintPage{
		Chrome: c.page(b.ID, views.SectionBlueprints, views.Link{Text: "Blueprints", Href: "/blueprints"}),
		ID:     b.ID, Version: "v" + strconv.Itoa(b.Version), Description: strings.TrimSpace(b.Description),
		Facts: []views.Fact{
			{Term: "Main file", Value: b.MainFile, Mono: true}, {Term: "DSL", Value: b.Plan.Version, Mono: true},
			{Term: "From", Value: origin(c, b)}, {Term: "Digest", Value: short(b.Digest), Mono: true},
			{Term: "Deployments", Value: strconv.Itoa(deployed), Href: "/environments?q=" + b.ID},
		},
		NodeCount: views.Count(len(b.Plan.Nodes), "node"),
	}
	page.Notice = s.takeNotice(c)
	if c.Actor.Role.AtLeast(orchestrator.User) {
		page.Actions = append(page.Actions, views.Action{Text: "Launch " + b.ID, Href: "/launch/" + b.ID, Primary: true})
	}
	if c.Actor.Role.AtLeast(orchestrator.Operator) {
		page.Actions = append(page.Actions, views.Action{Text: "New version", Href: "/upload-blueprint?id=" + b.ID})
	}
	for _, input := range b.Plan.Inputs {
		page.Inputs = append(page.Inputs, inputRow(input))
	}
	for _, capability := range b.Plan.Capabilities {
		page.Capabilities = append(page.Capabilities, views.InterfaceRow{Name: capability.Name, Description: capability.Description})
	}
	for i := range b.Plan.Nodes {
		page.Nodes = append(page.Nodes, outline(&b.Plan.Nodes[i]))
	}
	for _, v := range versions {
		page.Versions = append(page.Versions, views.VersionRow{
			Version: "v" + strconv.Itoa(v.Version), Href: "/blueprints/" + b.ID + "?version=" + strconv.Itoa(v.Version),
			By: origin(c, v), Digest: short(v.Digest), Uploaded: views.Ago(v.CreatedAt, c.now), Current: v.Version == b.Version,
		})
	}
	return c.show(views.Blueprint(page))
}

// blueprintOf is the version that the query names, or the newest.
func (s *Server) blueprintOf(c *call) (orchestrator.Blueprint, error) {
	text := c.QueryParam("version")
	if text == "" {
		return s.control.GetBlueprint(c.context(), c.Actor, c.Param("id"))
	}
	version, err := strconv.Atoi(text)
	if err != nil {
		return orchestrator.Blueprint{}, orchestrator.Errorf(orchestrator.NotFound, "There is no version %q", text)
	}
	return s.control.BlueprintVersion(c.context(), c.Actor, c.Param("id"), version)
}

func inputRow(input orchestrator.Input) views.InputRow {
	row := views.InputRow{
		Name: input.Name, Type: orDefault(input.Type, "any"), Description: strings.TrimSpace(input.Description),
		Default: clip(textOf(input.Default), longValue), Required: input.Required && !input.HasDefault,
	}
	var limits []string
	for _, constraint := range input.Constraints {
		if list, ok := constraint.Argument.([]orchestrator.Value); ok && constraint.Operator == "valid_values" {
			for _, v := range list {
				limits = append(limits, textOf(v))
			}
			continue
		}
		if limit := limitOf(constraint); limit != "" {
			limits = append(limits, limit)
		}
	}
	row.Limits = strings.Join(limits, ", ")
	return row
}

func outline(node *orchestrator.Node) views.OutlineNode {
	var after []string
	for _, r := range node.Relationships {
		after = append(after, r.Target)
	}
	out := views.OutlineNode{Name: node.ID, Type: node.Type}
	if len(after) > 0 {
		out.After = "after " + strings.Join(after, ", ")
	}
	return out
}

// short is enough of a digest to tell two apart.
func short(digest string) string {
	if len(digest) > 12 {
		return digest[:12]
	}
	return digest
}
