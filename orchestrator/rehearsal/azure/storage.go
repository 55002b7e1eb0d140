package azure

import "github.com/slipwayhq/slipway/orchestrator/rehearsal"

func checkAccount(a *act, _ document) error {
	if text(a.body, "sku", "name") == "" || text(a.body, "kind") == "" {
		return badRequest("InvalidRequestPropertyValue", "A storage account needs sku.name and kind.")
	}
	return nil
}

func fillAccount(a *act, s *stored) error {
	endpoints := document{}
	for _, service := range []string{"blob", "file", "queue", "table"} {
		endpoints[service] = "https://" + a.target.name + "." + service + ".core.windows.net/"
	}
	properties := rehearsal.Part(s.Resource, "properties")
	properties["primaryEndpoints"], properties["primaryLocation"], properties["statusOfPrimary"] = endpoints, s.Resource["location"], "available"
	return nil
}
