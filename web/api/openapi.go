package api

import (
	_ "embed"
	"net/http"
)

// openAPI describes what is ours; the rest is described by the contract.
//
//go:embed openapi.json
var openAPI []byte

func getOpenAPI(c *call) error { return c.JSONBlob(http.StatusOK, openAPI) }
