package blueprints

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTypesFor(t *testing.T) {
	cases := map[string]struct {
		reason   string
		location string
		version  string
		want     string // empty: unknown
	}{
		"Version5":           {"product 5 came with DSL 1_3", "http://www.getcloudify.org/spec/cloudify/5.0.5/types.yaml", "", "types/types_1_3.yaml"},
		"Version4":           {"older than that: the oldest there is", "http://cloudify.co/spec/cloudify/4.6/types.yaml", "", "types/types_1_3.yaml"},
		"Version6":           {"product 6 came with DSL 1_4", "https://cloudify.co/spec/cloudify/6.3.0/types.yaml", "", "types/types_1_4.yaml"},
		"Version7":           {"product 7 came with DSL 1_5", "http://cloudify.co/spec/cloudify/7.0.0/types.yaml", "", "types/types_1_5.yaml"},
		"DSLVersionWins":     {"a blueprint may not use what is newer than itself", "http://cloudify.co/spec/cloudify/7.0.0/types.yaml", "cloudify_dsl_1_3", "types/types_1_3.yaml"},
		"OldDSLVersion":      {"1_0 gets the oldest", "http://cloudify.co/spec/cloudify/7.0.0/types.yaml", "cloudify_dsl_1_0", "types/types_1_3.yaml"},
		"NewDSLVersion":      {"1_5 with an older location", "http://cloudify.co/spec/cloudify/5.1.0/types.yaml", "cloudify_dsl_1_5", "types/types_1_5.yaml"},
		"LocalPath":          {"the path on the original's own server", "cloudify/types/types.yaml", "cloudify_dsl_1_4", "types/types_1_4.yaml"},
		"LocalPathAlone":     {"without a version: the oldest", "cloudify/types/types.yaml", "", "types/types_1_3.yaml"},
		"LocalPathVersioned": {"the version in the name is meant", "/cloudify/types/types_1_5.yaml", "cloudify_dsl_1_4", "types/types_1_5.yaml"},
		"Plugin":             {"a plugin by its package", "plugin:cloudify-aws-plugin", "cloudify_dsl_1_3", "types/aws.yaml"},
		"PluginVersion":      {"the version asked for does not matter", "plugin:cloudify-fabric-plugin?version= >=2.0.7", "", "types/fabric.yaml"},
		"PluginNative":       {"our own", "plugin:slipway-native", "", "types/slipway.yaml"},
		"PluginUnknown":      {"not bundled", "plugin:cloudify-openstack-plugin", "", ""},
		"SpecPlugin":         {"where plugins were published", "http://www.getcloudify.org/spec/azure-plugin/2.1.5/plugin.yaml", "", "types/azure.yaml"},
		"Raw":                {"a file of the repository", "https://raw.githubusercontent.com/cloudify-cosmo/cloudify-kubernetes-plugin/2.13.1/plugin.yaml", "", "types/kubernetes.yaml"},
		"Incubator":          {"some plugins lived with another owner", "https://raw.githubusercontent.com/cloudify-incubator/cloudify-utilities-plugin/1.24.4/plugin_1_4.yaml", "", "types/utilities.yaml"},
		"Release":            {"a file of a release", "https://github.com/cloudify-cosmo/cloudify-terraform-plugin/releases/download/0.16.3/v2_plugin.yaml", "", "types/terraform.yaml"},
		"OtherFile":          {"not a plugin's YAML file", "https://raw.githubusercontent.com/cloudify-cosmo/cloudify-aws-plugin/master/README.yaml", "", ""},
		"OtherOwner":         {"a fork may differ", "https://raw.githubusercontent.com/somebody/cloudify-aws-plugin/master/plugin.yaml", "", ""},
		"OtherHost":          {"a host that only looks like it", "https://cloudify.co.example.com/spec/cloudify/6.3.0/types.yaml", "", ""},
		"OtherSpec":          {"not the types file", "https://cloudify.co/spec/cloudify/6.3.0/other.yaml", "", ""},
		"OtherScheme":        {"only the web", "ftp://cloudify.co/spec/cloudify/6.3.0/types.yaml", "", ""},
		"ArchiveFile":        {"a file of the blueprint itself", "types/my_types.yaml", "", ""},
		"BrokenURL":          {"not an address", "http://cloudify.co:x/spec", "", ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			text, got, ok := TypesFor(tc.location, tc.version)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
			if ok != (tc.want != "") || ok != (text != "") {
				t.Errorf("%s: ok is %v with %d bytes of text", tc.reason, ok, len(text))
			}
		})
	}
}

func TestEveryPackageHasItsFile(t *testing.T) {
	for _, name := range Packages() {
		if _, _, ok := TypesFor("plugin:"+name, ""); !ok {
			t.Errorf("plugin:%s has no file", name)
		}
	}
}
