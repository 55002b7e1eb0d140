package azure

import (
	"regexp"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// The rules of a PostgreSQL flexible server.
var (
	databaseVersions = []string{"11", "12", "13", "14", "15", "16", "17"}
	databaseSizes    = []float64{32, 64, 128, 256, 512, 1024, 2048, 4095, 4096, 8192, 16384, 32767}
	reservedLogins   = []string{"azure_superuser", "azure_pg_admin", "admin", "administrator", "root", "guest", "public"}
	characterClasses = []*regexp.Regexp{regexp.MustCompile(`[a-z]`), regexp.MustCompile(`[A-Z]`), regexp.MustCompile(`[0-9]`), regexp.MustCompile(`[^a-zA-Z0-9]`)}
)

func checkDatabase(a *act, properties document) error {
	size, _ := number(properties, "storage", "storageSizeGB")
	login := text(properties, "administratorLogin")
	switch {
	case text(a.body, "sku", "name") == "" || text(a.body, "sku", "tier") == "":
		return badRequest("InvalidParameterValue", "A flexible server needs sku.name and sku.tier.")
	case !slices.Contains(databaseVersions, text(properties, "version")):
		return badRequest("InvalidParameterValue", "Invalid value given for parameter version: %q.", text(properties, "version"))
	case !slices.Contains(databaseSizes, size):
		return badRequest("InvalidParameterValue", "Invalid value given for parameter storageSizeGB: %v.", size)
	case login == "" || slices.Contains(reservedLogins, login) || strings.HasPrefix(login, "pg_"):
		return badRequest("InvalidParameterValue", "Invalid value given for parameter administratorLogin: %q.", login)
	case !strongPassword(a.secrets["administratorloginpassword"]):
		return badRequest("InvalidParameterValue", "Invalid value given for parameter administratorLoginPassword. It needs 8 to 128 characters of three of the four classes.")
	}
	return nil
}

func strongPassword(password string) bool {
	classes := 0
	for _, class := range characterClasses {
		if class.MatchString(password) {
			classes++
		}
	}
	return classes >= 3 && len(password) >= 8 && len(password) <= 128
}

func fillDatabase(a *act, s *stored) error {
	properties := rehearsal.Part(s.Resource, "properties")
	properties["fullyQualifiedDomainName"], properties["state"] = a.target.name+".postgres.database.azure.com", "Ready"
	return nil
}
