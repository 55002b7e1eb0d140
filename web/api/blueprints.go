package api

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/orchestrator/diag"
)

func listBlueprints(c *call) error {
	p, err := c.page("created_at")
	if err != nil {
		return err
	}
	found, total, err := c.api.control.ListBlueprints(c.Request().Context(), c.Actor, control.ListBlueprints{
		Search: p.search, Sort: p.sort, Descending: p.descending, Offset: p.offset, Size: p.size,
		// Plans are large: a list has them when it is asked to.
		WithPlans: c.QueryParam("_include") != "" && c.includes("plan"),
	})
	if err != nil {
		return err
	}
	objects := make([]blueprintObject, len(found))
	for i, blueprint := range found {
		objects[i] = blueprintOf(blueprint)
	}
	return sendList(c, p, objects, total)
}

func getBlueprint(c *call) error {
	blueprint, err := c.api.control.GetBlueprint(c.Request().Context(), c.Actor, c.name("id"))
	if err != nil {
		return err
	}
	return sendOne(c, blueprintOf(blueprint))
}

func putBlueprint(c *call) error {
	upload, err := c.upload()
	if err != nil {
		return err
	}
	upload.ID = c.name("id")
	if upload.NewVersion, err = c.truth("new_version"); err != nil {
		return err
	}
	blueprint, _, err := c.api.control.UploadBlueprint(c.Request().Context(), c.Actor, upload)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, blueprintOf(blueprint))
}

// putBlueprintValidate is the contract's validation: an object when the
// blueprint could be uploaded, an error when not.
func putBlueprintValidate(c *call) error {
	compiled, err := c.compile()
	if err != nil {
		return err
	}
	if err := compiled.Diagnostics.Err(); err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, blueprintOf(orchestrator.Blueprint{
		ID: c.name("id"), Team: c.Actor.Team, MainFile: compiled.MainFile, Description: compiled.Plan.Description,
		Plan: compiled.Plan, State: "valid", CreatedBy: c.Actor.Name,
	}))
}

// findingsObject is what our own validation answers, valid or not.
type findingsObject struct {
	Valid        bool             `json:"valid"`
	MainFileName string           `json:"main_file_name"`
	Findings     diag.Diagnostics `json:"findings"`
}

// postBlueprintsValidate answers all findings: as an object of ours, or with
// ?format=sarif as the log that code hosts and editors read.
func postBlueprintsValidate(c *call) error {
	format, err := c.one("format")
	if err != nil {
		return err
	}
	if format != "" && format != "json" && format != "sarif" {
		return invalid("the format is json or sarif, not %q", format).On("format")
	}
	compiled, err := c.compile()
	if err != nil {
		return err
	}
	findings := compiled.Diagnostics
	if format == "sarif" {
		return c.sarif(findings)
	}
	if findings == nil {
		findings = diag.Diagnostics{}
	}
	return c.JSON(http.StatusOK, findingsObject{!findings.HasErrors(), compiled.MainFile, findings})
}

func (c *call) sarif(findings diag.Diagnostics) error {
	var log bytes.Buffer
	if err := diag.SARIF(&log, findings, c.api.version); err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/sarif+json", log.Bytes())
}

// getBlueprintSchema is under /api and not under blueprints, where "schema" may
// be the id of one.
func getBlueprintSchema(c *call) error {
	schema, err := c.api.control.BlueprintSchema()
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/schema+json", schema)
}

func (c *call) compile() (control.Compiled, error) {
	upload, err := c.upload()
	if err != nil {
		return control.Compiled{}, err
	}
	return c.api.control.ValidateBlueprint(c.Request().Context(), c.Actor, upload)
}

// deleteBlueprint knows "force" and gives it no meaning: what deployments use
// stays.
func deleteBlueprint(c *call) error {
	if err := c.api.control.DeleteBlueprint(c.Request().Context(), c.Actor, c.name("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func getBlueprintArchive(c *call) error {
	id := c.name("id")
	data, err := c.api.control.BlueprintArchive(c.Request().Context(), c.Actor, id)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentLength, strconv.Itoa(len(data)))
	header.Set(echo.HeaderContentDisposition, "attachment; filename="+id+extension(data))
	return c.Blob(http.StatusOK, echo.MIMEOctetStream, data)
}

// extension tells kinds of archives by how they begin.
func extension(data []byte) string {
	switch {
	case len(data) > 2 && slices.Equal(data[:2], []byte{0x1f, 0x8b}):
		return ".tar.gz"
	case len(data) > 2 && string(data[:2]) == "PK":
		return ".zip"
	case len(data) > 3 && string(data[:3]) == "BZh":
		return ".tar.bz2"
	default:
		return ".tar"
	}
}
