package kubernetes

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// source is how a blueprint says to reach a cluster, with everything opened: a
// kubeconfig, or single options.
type source struct {
	kubeconfig []byte
	options    map[string]orchestrator.Value
}

// fingerprint tells sources apart; it is hashed, never shown.
func (s source) fingerprint() string {
	options, _ := json.Marshal(s.options) // made of plain values only
	return string(s.kubeconfig) + "\x00" + string(options)
}

// configurationOf finds the configuration: the node's client_config, else that
// of the Master or cluster that the node is related to.
func configurationOf(call *provider.Call) (source, error) {
	clientConfig := provider.Mapping(property(call, "client_config"))
	configuration, _ := clientConfig["configuration"].(map[string]orchestrator.Value)
	if configuration == nil {
		configuration = relatedConfiguration(call.Self)
	}
	switch {
	case configuration["blueprint_file_name"] != nil:
		name := fmt.Sprint(configuration["blueprint_file_name"])
		text, err := fs.ReadFile(call.Files, name)
		if err != nil {
			return source{}, orchestrator.Errorf(orchestrator.Invalid, "the blueprint has no kubeconfig %s, which node %s names", name, call.Self.NodeID).Wrap(err)
		}
		return source{kubeconfig: text}, nil
	case configuration["manager_file_path"] != nil:
		return source{}, orchestrator.Errorf(orchestrator.Invalid, "node %s names a kubeconfig on the server; put it into a secret and give it as file_content", call.Self.NodeID)
	case configuration["file_content"] != nil:
		return fromContent(configuration["file_content"])
	case configuration["api_options"] != nil:
		options, _ := configuration["api_options"].(map[string]orchestrator.Value)
		return source{options: options}, nil
	}
	return source{}, orchestrator.Errorf(orchestrator.Invalid,
		"node %s does not say how to reach its cluster; give client_config.configuration a file_content (a kubeconfig) or api_options", call.Self.NodeID)
}

// relatedConfiguration looks at relationship targets: a Master's property, or
// the kubeconfig that a managed cluster left.
func relatedConfiguration(self *provider.Instance) map[string]orchestrator.Value {
	for _, related := range self.Relationships {
		if related.Target == nil {
			continue
		}
		if held := provider.Mapping(related.Target.Properties["configuration"]); held != nil {
			return held
		}
		if kubeconf := orchestrator.Reveal(related.Target.Runtime["kubeconf"]); kubeconf != nil {
			return map[string]orchestrator.Value{"file_content": kubeconf}
		}
	}
	return nil
}

func fromContent(content orchestrator.Value) (source, error) {
	switch content := content.(type) {
	case string:
		return source{kubeconfig: []byte(content)}, nil
	case map[string]orchestrator.Value:
		text, err := json.Marshal(content) // JSON is YAML
		if err != nil {
			return source{}, fmt.Errorf("write kubeconfig: %w", err)
		}
		return source{kubeconfig: text}, nil
	}
	return source{}, orchestrator.Errorf(orchestrator.Invalid, "the kubeconfig in file_content is neither a map nor text")
}

// rest turns the source into client-go's terms. Errors name no content: a
// kubeconfig is all secrets.
func (s source) rest() (*rest.Config, error) {
	if s.options != nil {
		return fromOptions(s.options)
	}
	parsed, err := clientcmd.Load(s.kubeconfig)
	if err != nil {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "the kubeconfig cannot be read: it is not a YAML document of kind Config")
	}
	if err := refuseReach(parsed); err != nil {
		return nil, err
	}
	config, err := clientcmd.NewDefaultClientConfig(*parsed, &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "the kubeconfig is not complete: it needs a current context with a cluster and a user that are in it").Wrap(err)
	}
	return config, nil
}

// refuseReach refuses a kubeconfig that reaches into this server: programs to
// run, files to read, a proxy to go through.
func refuseReach(config *clientcmdapi.Config) error {
	refuse := func(what string) error {
		return orchestrator.Errorf(orchestrator.Invalid, "the kubeconfig uses %s, which the server does not do; give certificates and tokens as data", what)
	}
	for _, user := range config.AuthInfos {
		switch {
		case user.Exec != nil || user.AuthProvider != nil:
			return refuse("a program to sign in")
		case user.ClientCertificate != "" || user.ClientKey != "" || user.TokenFile != "":
			return refuse("files to sign in")
		}
	}
	for _, cluster := range config.Clusters {
		switch {
		case cluster.CertificateAuthority != "":
			return refuse("a file with a certificate authority")
		case cluster.ProxyURL != "":
			return refuse("a proxy")
		}
	}
	return nil
}

// fromOptions reads api_options. Certificates and keys are PEM text.
func fromOptions(options map[string]orchestrator.Value) (*rest.Config, error) {
	text := func(name string) string { return provider.Text(options[name]) }
	if text("host") == "" {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "api_options need a host")
	}
	for _, name := range []string{"ssl_ca_cert", "cert_file", "key_file"} {
		if value := text(name); value != "" && !strings.Contains(value, "-----BEGIN") {
			return nil, orchestrator.Errorf(orchestrator.Invalid, "api_options.%s must be PEM text; the server reads no files for a blueprint", name)
		}
	}
	return &rest.Config{
		Host: text("host"), BearerToken: text("api_key"),
		TLSClientConfig: rest.TLSClientConfig{
			CAData: []byte(text("ssl_ca_cert")), CertData: []byte(text("cert_file")), KeyData: []byte(text("key_file")),
			Insecure: options["verify_ssl"] == false,
		},
	}, nil
}
