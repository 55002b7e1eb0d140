package provider

import (
	"crypto/sha256"
	"encoding/hex"
)

// Ownership tag keys, on every resource that a leaf creates.
const (
	TagInstallation = "slipway:installation"
	TagDeployment   = "slipway:deployment"
	TagInstance     = "slipway:instance"
)

// OwnershipTags returns the tags that mark a resource as this instance's.
// Adopting and deleting require the installation to match.
func (c *Call) OwnershipTags() map[string]string {
	return map[string]string{
		TagInstallation: c.Installation,
		TagDeployment:   c.Deployment.ID,
		TagInstance:     c.Self.ID,
	}
}

// ClientToken returns the idempotency token of a create call: the same for all
// tries of one step of one execution, different for a later life of the
// instance. purpose tells apart several creates of one step.
func (c *Call) ClientToken(purpose string) string {
	sum := sha256.Sum256([]byte(c.Installation + "\x00" + c.Deployment.UID + "\x00" + c.Self.ID + "\x00" + c.Execution.ID + "\x00" + purpose))
	return hex.EncodeToString(sum[:])[:40]
}
