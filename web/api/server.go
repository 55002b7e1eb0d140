package api

import (
	"net"
	"net/http"

	"github.com/labstack/echo/v4"
)

// contractVersion and contractEdition are what clients of the contract are told
// they speak to: they ask for a licence in any other edition.
const (
	contractVersion = "7.0.5"
	contractEdition = "community"
)

func getVersion(c *call) error {
	return c.JSON(http.StatusOK, echo.Map{
		"version": contractVersion, "edition": contractEdition, "distribution": "slipway", "distro_release": c.api.version,
		"build": nil, "commit": nil, "date": nil,
	})
}

// serviceObject is a part of the server.
type serviceObject struct {
	Status    string         `json:"status"`
	IsRemote  bool           `json:"is_remote"`
	ExtraInfo map[string]any `json:"extra_info"`
}

func getStatus(c *call) error {
	if err := c.api.control.Ready(c.Request().Context()); err != nil {
		return err
	}
	active := serviceObject{Status: "Active", ExtraInfo: map[string]any{}}
	return c.JSON(http.StatusOK, echo.Map{
		"status": "OK", "services": map[string]serviceObject{"Slipway": active, "Database": active},
	})
}

func getMaintenance(c *call) error {
	return c.JSON(http.StatusOK, echo.Map{
		"status": "deactivated", "activated_at": "", "activation_requested_at": "", "remaining_executions": nil, "requested_by": "",
	})
}

func getProviderContext(c *call) error {
	return c.JSON(http.StatusOK, echo.Map{"name": "slipway", "context": echo.Map{}})
}

// getConfig answers no settings: a client then uses its own limits, and the
// server still checks ours.
func getConfig(c *call) error { return c.JSON(http.StatusOK, echo.Map{}) }

// address is how the caller reached us. Managers, brokers and databases must be
// one and the same place, or clients take the server for a cluster.
func (c *call) address() string {
	if host, _, err := net.SplitHostPort(c.Request().Host); err == nil {
		return host
	}
	return c.Request().Host
}

func sendOnly(c *call, item echo.Map) error {
	p, err := c.page("")
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, envelope{cut(p, []echo.Map{item}), metadata{pagination{Total: 1, Size: p.size, Offset: p.offset}}})
}

func listManagers(c *call) error {
	address := c.address()
	return sendOnly(c, echo.Map{
		"id": 0, "hostname": address, "private_ip": address, "public_ip": address, "version": contractVersion,
		"edition": contractEdition, "distribution": "slipway", "distro_release": c.api.version, "networks": echo.Map{"default": address},
		"fs_sync_node_id": nil, "ca_cert_content": nil, "last_seen": nil, "status_report_frequency": nil,
	})
}

func listBrokers(c *call) error {
	address := c.address()
	return sendOnly(c, echo.Map{
		"name": address, "host": address, "is_external": false, "networks": echo.Map{"default": address}, "port": nil, "params": echo.Map{},
	})
}

func listDatabaseNodes(c *call) error {
	address := c.address()
	return sendOnly(c, echo.Map{"name": address, "host": address, "is_external": false, "private_ip": address})
}
