package diag

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// The parts of SARIF 2.1.0 that findings fill, for editors and code hosts.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		Level     string          `json:"level"`
		Message   sarifMessage    `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
		// Related are the files that led to the finding's, the main file first.
		Related []sarifLocation `json:"relatedLocations,omitempty"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
		Message  *sarifMessage `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
		EndLine     int `json:"endLine,omitempty"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
)

// SARIF writes the findings as a SARIF 2.1.0 log. version is that of the
// program.
func SARIF(w io.Writer, findings Diagnostics, version string) error {
	results := make([]sarifResult, len(findings))
	for i, d := range findings {
		results[i] = sarifOf(d)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0",
		Runs: []sarifRun{{Tool: sarifTool{sarifDriver{Name: "slipway", Version: version}}, Results: results}},
	})
	if err != nil {
		return fmt.Errorf("write SARIF: %w", err)
	}
	return nil
}

func sarifOf(d Diagnostic) sarifResult {
	r := sarifResult{RuleID: "dsl", Level: string(d.Severity), Message: sarifMessage{d.Message}}
	if d.Code != 0 {
		r.RuleID = fmt.Sprintf("dsl/%d", d.Code)
	}
	if d.Hint != "" {
		r.Message.Text += " (" + d.Hint + ")"
	}
	if d.Range.File == "" {
		return r
	}
	place := sarifPhysical{Artifact: sarifArtifact{uriOf(d.Range.File)}}
	if d.Range.Start.Line > 0 {
		place.Region = &sarifRegion{StartLine: d.Range.Start.Line, StartColumn: d.Range.Start.Column, EndLine: d.Range.End.Line, EndColumn: d.Range.End.Column}
	}
	r.Locations = []sarifLocation{{Physical: place}}
	for _, file := range d.Imports {
		r.Related = append(r.Related, sarifLocation{
			Physical: sarifPhysical{Artifact: sarifArtifact{uriOf(file)}}, Message: &sarifMessage{"imports the file, or one that does"},
		})
	}
	return r
}

// uriOf writes a path as a relative reference; what is an address stays.
func uriOf(file string) string {
	if strings.Contains(file, "://") {
		return file
	}
	return (&url.URL{Path: file}).String()
}
