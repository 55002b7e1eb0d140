package blueprints_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/slipwayhq/slipway/blueprints"
	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/dsl"
)

// bundled imports the catalogue's own types and nothing else.
var bundled = dsl.Bundled(blueprints.TypesFor)

func compile(t *testing.T, entry blueprints.Entry) *orchestrator.Plan {
	t.Helper()
	files, err := entry.Files()
	if err != nil {
		t.Fatal(err)
	}
	plan, findings := dsl.Compile(dsl.Source{Files: files, Main: blueprints.MainFile}, bundled)
	for _, finding := range findings {
		t.Errorf("%+v", finding)
	}
	if plan == nil {
		t.FailNow()
	}
	return plan
}

func TestCatalogueCompilesClean(t *testing.T) {
	for _, entry := range blueprints.Catalog() {
		t.Run(entry.ID, func(t *testing.T) {
			plan := compile(t, entry)
			if plan.Description == "" || len(plan.Nodes) == 0 || len(plan.Capabilities) == 0 {
				t.Errorf("the plan has %d nodes, %d capabilities and the description %q", len(plan.Nodes), len(plan.Capabilities), plan.Description)
			}
		})
	}
}

// The bundled types serve blueprints of all versions: teams have kept some for
// ten years.
func TestTypesServeEveryVersion(t *testing.T) {
	const newest = 5
	for minor := range newest + 1 {
		version := fmt.Sprintf("cloudify_dsl_1_%d", minor)
		t.Run(version, func(t *testing.T) {
			text := strings.Replace(blueprints.EveryType(), fmt.Sprintf("cloudify_dsl_1_%d", newest), version, 1) +
				"node_templates: {vm: {type: cloudify.nodes.Compute}}\n"
			files := fstest.MapFS{blueprints.MainFile: &fstest.MapFile{Data: []byte(text)}}
			plan, findings := dsl.Compile(dsl.Source{Files: files, Main: blueprints.MainFile}, bundled)
			for _, finding := range findings {
				t.Error(finding)
			}
			if plan != nil && plan.Version != version {
				t.Errorf("the plan is of version %s", plan.Version)
			}
		})
	}
}

// TestInterfaces fixes what existing eaas_params secrets and workloads rely on:
// the names of inputs and capabilities, and which values are secret.
func TestInterfaces(t *testing.T) {
	type contract struct {
		required     []string // inputs that must be given
		capabilities []string
		sensitive    []string // "node.attribute"
	}
	want := map[string]contract{
		"app": {
			required:     []string{"env_type"},
			capabilities: []string{"bucket_url", "db_host", "db_master_password", "db_master_username", "k8s_config", "k8s_endpoint"},
		},
		"website": {
			required:     []string{"environment"},
			capabilities: []string{"endpoint"},
			sensitive:    []string{"credentials.__resource_definitions", "credentials.kubernetes"},
		},
		"vpc": {
			required:     []string{"aws_region_name", "name"},
			capabilities: []string{"agents_security_group_id", "availability_zones", "internet_gateway_id", "subnet_ids", "vpc_id"},
		},
		"aws_vm": {
			required:     []string{"aws_region_name", "resource_prefix", "vpc_deployment_id"},
			capabilities: []string{"vm_ip"},
			sensitive:    []string{"vm.password"},
		},
		"aws_single_node": {
			required:     []string{"availability_zones", "aws_region_name", "resource_prefix"},
			capabilities: []string{"db_vm_ip", "k8s_vm_ip", "s3_vm_ip"},
		},
		"minikube": {
			required:     []string{"network_deployment_id"},
			capabilities: []string{"endpoint", "k8s_config"},
			sensitive:    []string{"minikube.kubeconf"},
		},
		"aws_psql": {
			required:     []string{"master_username", "network_deployment_id"},
			capabilities: []string{"host", "master_password", "master_username"},
			sensitive:    []string{"master_password.master_password", "master_password.password", "master_password.value"},
		},
		"minio": {
			required:     []string{"bucket_name", "network_deployment_id"},
			capabilities: []string{"bucket_url"},
			sensitive:    []string{"root_password.master_password", "root_password.password", "root_password.value"},
		},
		"rg": {
			required:     []string{"azure_location_name", "name"},
			capabilities: []string{"agents_security_group_id", "rg_id", "sa_id", "subnet_ids", "vn_id"},
		},
		"azure_prod_network": {
			required:     []string{"azure_location_name", "resource_prefix"},
			capabilities: []string{"aks_security_group_id", "private_subnet_ids", "public_ips", "public_subnet_ids", "rg_id", "vn_id"},
		},
		"aks": {
			required:     []string{"azure_location_name", "network_deployment_id", "resource_prefix"},
			capabilities: []string{"endpoint", "k8s_config"},
			sensitive:    []string{"aks_cluster.kubeconf"},
		},
		"azure_rds_psql": {
			required:     []string{"azure_location_name", "master_username", "network_deployment_id", "resource_prefix"},
			capabilities: []string{"host", "master_password", "master_username"},
			sensitive:    []string{"password_generator.master_password", "password_generator.password", "password_generator.value"},
		},
		"azure_s3": {
			required:     []string{"bucket_name", "bucket_region", "resource_prefix"},
			capabilities: []string{"bucket_url"},
		},
	}
	got := map[string]contract{}
	for _, entry := range blueprints.Catalog() {
		plan := compile(t, entry)
		var c contract
		for _, input := range plan.Inputs {
			if !input.HasDefault {
				c.required = append(c.required, input.Name)
			}
		}
		for _, capability := range plan.Capabilities {
			c.capabilities = append(c.capabilities, capability.Name)
		}
		for _, node := range plan.Nodes {
			for _, attribute := range node.SensitiveAttributes {
				c.sensitive = append(c.sensitive, node.ID+"."+attribute)
			}
		}
		slices.Sort(c.required)
		slices.Sort(c.capabilities)
		slices.Sort(c.sensitive)
		got[entry.ID] = c
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(contract{})); diff != "" {
		t.Errorf("interfaces (-want +got):\n%s", diff)
	}
}

// TestEveryTypeCompiles makes a node of every bundled type, for every DSL
// version that the built-in types are written for, so that each operation must
// lead to a plugin.
func TestEveryTypeCompiles(t *testing.T) {
	for _, version := range []string{"cloudify_dsl_1_3", "cloudify_dsl_1_4", "cloudify_dsl_1_5"} {
		t.Run(version, func(t *testing.T) {
			imports := []string{"http://cloudify.co/spec/cloudify/7.0.0/types.yaml"}
			for _, name := range blueprints.Packages() {
				imports = append(imports, "plugin:"+name)
			}
			nodes := map[string]any{}
			for _, location := range imports {
				text, name, ok := blueprints.TypesFor(location, version)
				if !ok {
					t.Fatalf("%s is not bundled", location)
				}
				for typeName, template := range templates(t, name, text) {
					nodes[strings.NewReplacer(".", "_").Replace(typeName)] = template
				}
			}
			text, err := yaml.Marshal(map[string]any{"tosca_definitions_version": version, "imports": imports, "node_templates": nodes})
			if err != nil {
				t.Fatal(err)
			}
			files := fstest.MapFS{"blueprint.yaml": {Data: text}}
			plan, findings := dsl.Compile(dsl.Source{Files: files, Main: "blueprint.yaml"}, bundled)
			for _, finding := range findings {
				t.Errorf("%+v", finding)
			}
			if plan == nil || len(plan.Nodes) != len(nodes) || len(nodes) < 100 {
				t.Errorf("a plan of %d types has other nodes", len(nodes))
			}
		})
	}
}

// templates writes a node template for each type of a file. Properties that
// must be given, here or in a type that it derives from, get a function call,
// which fits every type.
func templates(t *testing.T, name, text string) map[string]any {
	t.Helper()
	type property struct {
		Required *bool `yaml:"required"`
		Default  any   `yaml:"default"`
	}
	var file struct {
		NodeTypes map[string]struct {
			DerivedFrom string              `yaml:"derived_from"`
			Properties  map[string]property `yaml:"properties"`
		} `yaml:"node_types"`
	}
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	out := map[string]any{}
	for typeName := range file.NodeTypes {
		properties := map[string]property{}
		for at := typeName; at != ""; at = file.NodeTypes[at].DerivedFrom {
			for key, declared := range file.NodeTypes[at].Properties {
				if _, overridden := properties[key]; !overridden {
					properties[key] = declared
				}
			}
		}
		given := map[string]any{}
		for key, p := range properties {
			if p.Default == nil && (p.Required == nil || *p.Required) {
				given[key] = map[string]any{"get_secret": "any"}
			}
		}
		// A resource_config has required fields of its own.
		if _, ok := properties["resource_config"]; ok {
			given["resource_config"] = map[string]any{"get_secret": "any"}
		}
		template := map[string]any{"type": typeName, "properties": given}
		if typeName == "cloudify.nodes.FileSystem" { // made by a script on its host
			template["relationships"] = []any{map[string]any{"type": "cloudify.relationships.contained_in", "target": "cloudify_nodes_Compute"}}
		}
		out[typeName] = template
	}
	return out
}
