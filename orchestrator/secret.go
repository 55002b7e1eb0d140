package orchestrator

import "time"

// Secret is one version of a sealed value.
type Secret struct {
	Team    string
	Key     string
	Version int
	// Value is the text as given; structured secrets hold JSON.
	Value string
	Kind  SecretKind
	// Placeholder is set for what the first start wrote so that a newcomer can
	// rehearse; an edit clears it. A placeholder is never redacted and never
	// sent to a real cloud.
	Placeholder bool
	Hidden      bool // is_hidden_value of the REST contract
	CreatedBy   string
	CreatedAt   time.Time // of the first version
	UpdatedAt   time.Time
}

// SecretKind says whether a secret's value is shown.
type SecretKind string

// Sensitive secrets are redacted everywhere; configuration secrets (eaas_params,
// aws_keypair, subscription ids) are shown and not redacted.
const (
	SecretSensitive     SecretKind = "sensitive"
	SecretConfiguration SecretKind = "configuration"
)

// EaasParams is the key of the secret that maps cloud × environment type to
// component blueprints.
const EaasParams = "eaas_params"

// configurationSecrets are shown unless somebody says otherwise.
var configurationSecrets = map[string]bool{
	EaasParams: true, "aws_keypair": true, "public_key_content": true,
	"azure_subscription_id": true, "azure_tenant_id": true, "azure_client_id": true,
}

// DefaultSecretKind is the kind of a secret whose writer did not say.
func DefaultSecretKind(key string) SecretKind {
	if configurationSecrets[key] {
		return SecretConfiguration
	}
	return SecretSensitive
}

// cloudCredentials are the secrets whose absence makes a deployment rehearse.
var cloudCredentials = map[string]bool{
	"aws_access_key_id": true, "aws_secret_access_key": true,
	"azure_subscription_id": true, "azure_tenant_id": true,
	"azure_client_id": true, "azure_client_secret": true,
}

// IsCloudCredential reports whether a missing secret of that key makes a
// deployment rehearse instead of failing (design: "which deployments rehearse").
func IsCloudCredential(key string) bool { return cloudCredentials[key] }
