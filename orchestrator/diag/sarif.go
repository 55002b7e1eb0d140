package diag

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// The parts of SARIF 2.1.0 that findings fill, for editors and code hosts.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		Results    []sarifResult `json:"results"`
		ColumnKind string        `json:"columnKind"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string       `json:"id"`
		Short   sarifMessage `json:"shortDescription"`
		HelpURI string       `json:"helpUri"`
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
	rules := map[string]sarifRule{}
	for i, d := range findings {
		results[i] = sarifOf(d)
		rules[results[i].RuleID] = ruleOf(d)
	}
	driver := sarifDriver{Name: "slipway", Version: version, InformationURI: homePage, Rules: []sarifRule{}}
	for _, id := range orchestrator.SortedKeys(rules) {
		driver.Rules = append(driver.Rules, rules[id])
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0",
		Runs: []sarifRun{{Tool: sarifTool{driver}, Results: results, ColumnKind: "unicodeCodePoints"}},
	})
	if err != nil {
		return fmt.Errorf("write SARIF: %w", err)
	}
	return nil
}

// homePage is where people find the program, and numbersPage what the numbers
// of errors mean.
const (
	homePage    = "https://github.com/slipwayhq/slipway"
	numbersPage = homePage + "/blob/main/docs/dsl-compatibility.md#numbers-of-errors"
)

func ruleOf(d Diagnostic) sarifRule {
	rule := sarifRule{ID: ruleID(d), Short: sarifMessage{"A finding of the compiler without a number"}, HelpURI: numbersPage}
	if d.Code != 0 {
		rule.Short.Text = fmt.Sprintf("Error %d of the DSL", d.Code)
	}
	return rule
}

func ruleID(d Diagnostic) string {
	if d.Code == 0 {
		return "dsl"
	}
	return fmt.Sprintf("dsl/%d", d.Code)
}

func sarifOf(d Diagnostic) sarifResult {
	r := sarifResult{RuleID: ruleID(d), Level: string(d.Severity), Message: sarifMessage{d.Message}}
	if d.Hint != "" {
		r.Message.Text += " (" + d.Hint + ")"
	}
	if d.Range.File == "" {
		return r
	}
	place := sarifPhysical{Artifact: sarifArtifact{uriOf(d.Range.File)}}
	if d.Range.Start.Line > 0 {
		place.Region = &sarifRegion{StartLine: d.Range.Start.Line, StartColumn: d.Range.Start.Column}
		if d.Range.End != d.Range.Start { // where only the start is known, the rest of the line is meant
			place.Region.EndLine, place.Region.EndColumn = d.Range.End.Line, d.Range.End.Column
		}
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
