package web

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

// The kinds of bundled blueprints.
const (
	kindApp       = "app"
	kindWorkload  = "workload"
	kindComponent = "component"
)

func (s *Server) catalogue(c *call) error {
	page := views.CataloguePage{
		Chrome: c.page("Catalogue", views.SectionCatalogue), Search: c.search("Search blueprints"),
	}
	blueprints, _, err := s.control.ListBlueprints(c.context(), c.Actor, control.ListBlueprints{Search: c.QueryParam("q"), WithPlans: true, Sort: "id"})
	if err != nil {
		return err
	}
	bundled, err := s.control.BundledInfo()
	if err != nil {
		return err
	}
	for _, b := range blueprints {
		deployed, err := s.deployed(c, b.ID)
		if err != nil {
			return err
		}
		kind := bundled[b.ID].Kind
		if kind == kindComponent {
			page.Blocks = append(page.Blocks, block(b, bundled[b.ID].Description, deployed))
			continue
		}
		tile, err := s.tile(c, b, bundled[b.ID], deployed)
		if err != nil {
			return err
		}
		page.Tiles = append(page.Tiles, tile)
	}
	page.BlocksTotal = strconv.Itoa(len(page.Blocks))
	if len(blueprints) == 0 {
		page.Empty = "No blueprint is called like that."
	}
	return c.show(views.Catalogue(page))
}

func block(b orchestrator.Blueprint, description string, deployed int) views.Block {
	return views.Block{
		ID: b.ID, Version: "v" + strconv.Itoa(b.Version), Description: orDefault(b.Description, description),
		Page: "/blueprints/" + b.ID, Launch: "/launch/" + b.ID,
		Nodes: views.Count(len(b.Plan.Nodes), "node"), Running: strconv.Itoa(deployed),
	}
}

func (s *Server) tile(c *call, b orchestrator.Blueprint, bundled control.BundledBlueprint, deployed int) (views.Tile, error) {
	tile := views.Tile{
		ID: b.ID, Version: "v" + strconv.Itoa(b.Version), Description: orDefault(b.Description, bundled.Description),
		Kind: "Blueprint", Page: "/blueprints/" + b.ID, Launch: "/launch/" + b.ID, Running: strconv.Itoa(deployed) + " deployed",
	}
	switch bundled.Kind {
	case kindWorkload:
		tile.Kind = "Workload"
	case kindApp:
		tile.Kind = "Environment"
	}
	if !takesCell(b.Plan) {
		return tile, nil
	}
	cells, err := s.cells(c)
	if err != nil {
		return tile, err
	}
	for _, cell := range cells {
		line, err := s.cellLine(c, b, cell)
		if err != nil {
			return tile, err
		}
		tile.Cells = append(tile.Cells, line)
	}
	return tile, nil
}

func takesCell(plan *orchestrator.Plan) bool {
	found := 0
	for _, input := range plan.Inputs {
		if input.Name == inputCloud || input.Name == inputEnvType {
			found++
		}
	}
	return found == 2
}

// cell is one pair of cloud and environment type.
type cell struct{ cloud, envType string }

// cells lists what eaas_params maps, in order; nothing when it cannot be read.
func (s *Server) cells(c *call) ([]cell, error) {
	secret, err := s.control.GetSecret(c.context(), c.Actor, orchestrator.EaasParams)
	if orchestrator.ErrorCode(err) == orchestrator.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var mapped map[string]map[string]any
	if json.Unmarshal([]byte(secret.Value), &mapped) != nil {
		return nil, nil
	}
	var cells []cell
	for _, cloud := range orchestrator.SortedKeys(mapped) {
		for _, envType := range orchestrator.SortedKeys(mapped[cloud]) {
			cells = append(cells, cell{cloud, envType})
		}
	}
	return cells, nil
}

// cellLine says whether a cell of a blueprint could be launched right now.
func (s *Server) cellLine(c *call, b orchestrator.Blueprint, at cell) (views.CellLine, error) {
	query := url.Values{inputPrefix + inputCloud: {at.cloud}, inputPrefix + inputEnvType: {at.envType}}
	line := views.CellLine{Name: views.CellName(at.cloud, at.envType), Href: "/launch/" + b.ID + "?" + query.Encode()}
	if !c.Actor.Role.AtLeast(orchestrator.User) {
		line.Href, line.Mark = "/blueprints/"+b.ID, views.Mark{Kind: "queued", Word: "Needs the role user to launch"}
		return line, nil
	}
	preview, err := s.control.PreviewDeployment(c.context(), c.Actor, control.CreateDeployment{
		ID: "preview", BlueprintID: b.ID, Inputs: map[string]orchestrator.Value{inputCloud: at.cloud, inputEnvType: at.envType},
	})
	if err != nil {
		return line, err
	}
	line.Mark = previewMark(preview)
	return line, nil
}

func (s *Server) deployed(c *call, blueprint string) (int, error) {
	_, total, err := s.control.ListDeployments(c.context(), c.Actor, control.ListDeployments{BlueprintID: blueprint, Size: 1})
	return total, err
}

func orDefault(text, otherwise string) string {
	if text = strings.TrimSpace(text); text != "" {
		return text
	}
	return otherwise
}
