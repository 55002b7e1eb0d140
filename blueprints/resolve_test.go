package blueprints_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/blueprints"
	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
)

// firstStart is what a new server holds: the catalogue and its secrets.
type firstStart struct {
	plans   map[string]*orchestrator.Plan
	secrets map[string]orchestrator.Secret
}

func (f firstStart) Blueprint(id string) (*orchestrator.Plan, bool, error) {
	plan, ok := f.plans[id]
	return plan, ok, nil
}

func (f firstStart) Secret(key string) (orchestrator.Secret, bool, error) {
	secret, ok := f.secrets[key]
	return secret, ok, nil
}

func (firstStart) Deployment(string) (orchestrator.Deployment, bool, error) {
	return orchestrator.Deployment{}, false, nil
}

func newFirstStart(t *testing.T) firstStart {
	t.Helper()
	facts := firstStart{plans: map[string]*orchestrator.Plan{}, secrets: map[string]orchestrator.Secret{
		"public_key_content":  {Value: "ssh-ed25519 AAAA"},
		"private_key_content": {Value: "a key"},
	}}
	for _, entry := range blueprints.Catalog() {
		facts.plans[entry.ID] = compile(t, entry)
	}
	for _, key := range []string{"aws_access_key_id", "aws_secret_access_key", "azure_subscription_id", "azure_tenant_id", "azure_client_id", "azure_client_secret"} {
		facts.secrets[key] = orchestrator.Secret{Placeholder: true}
	}
	return facts
}

// tree is a component as a person would sketch it.
type tree struct {
	Node, Blueprint, Deployment, Problem string
	Below                                []tree
}

func sketch(components []compose.Component) []tree {
	var out []tree
	for _, c := range components {
		if !c.Shared {
			out = append(out, tree{c.Node, c.BlueprintID, c.DeploymentID, c.Problem, sketch(c.Components)})
		}
	}
	return out
}

// TestCells follows app through the sample: which deployments each cell makes,
// and which secrets it reads.
func TestCells(t *testing.T) {
	type cell struct {
		Components []tree
		Secrets    []string
		Missing    []string
		Problems   []string
	}
	cases := map[string]struct {
		reason         string
		params         string // eaas_params; empty: the sample
		cloud, envType string
		want           cell
	}{
		"AWSDevSmall": {
			"everything on one machine; the network's deployments are named by the environment too",
			"", "aws", "dev-small",
			cell{
				Components: []tree{
					{Node: "network", Blueprint: "aws_single_node", Deployment: "shop-network", Below: []tree{
						{Node: "vpc_deployment", Blueprint: "vpc", Deployment: "shop-vpc"},
						{Node: "vm_deployment", Blueprint: "aws_vm", Deployment: "shop-vm"},
					}},
					{Node: "kubernetes", Blueprint: "minikube", Deployment: "shop-compute"},
					{Node: "database", Blueprint: "aws_psql", Deployment: "shop-database"},
					{Node: "s3", Blueprint: "minio", Deployment: "shop-storage"},
				},
				Secrets: []string{"aws_access_key_id", "aws_secret_access_key", "eaas_params", "private_key_content", "public_key_content"},
			},
		},
		"AzureProduction": {
			"managed services; no machine, hence no private key",
			"", "azure", "production",
			cell{
				Components: []tree{
					{Node: "network", Blueprint: "azure_prod_network", Deployment: "shop-network", Below: []tree{
						{Node: "rg_deployment", Blueprint: "rg", Deployment: "shop-rg"},
					}},
					{Node: "kubernetes", Blueprint: "aks", Deployment: "shop-compute"},
					{Node: "database", Blueprint: "azure_rds_psql", Deployment: "shop-database"},
					{Node: "s3", Blueprint: "azure_s3", Deployment: "shop-storage"},
				},
				Secrets: []string{"azure_client_id", "azure_client_secret", "azure_subscription_id", "azure_tenant_id", "eaas_params", "public_key_content"},
			},
		},
		"FixedIDs": {
			"a secret written for the original fits; its network names what is below by itself",
			`{"aws": {"dev-small": {
				"network": {"blueprint": "aws_single_node", "deployment": "aws-dev-small-network", "inputs": {
					"resource_prefix": "aws-dev-small", "aws_region_name": "us-west-1", "availability_zones": ["us-west-1a", "us-west-1c"],
					"ami_id": "ami-0123456789abcdef0", "instance_type": "t3.medium"}},
				"k8s": {"blueprint": "minikube", "deployment": "aws-dev-small-compute", "inputs": {"network_deployment_id": "aws-dev-small-network"}},
				"db": {"blueprint": "aws_psql", "deployment": "aws-dev-small-database", "inputs": {
					"network_deployment_id": "aws-dev-small-network", "master_username": "psqladmin"}},
				"s3": {"blueprint": "minio", "deployment": "aws-dev-small-storage", "inputs": {
					"network_deployment_id": "aws-dev-small-network", "bucket_name": "awsdevsmallbucket", "bucket_region": "us-west-1",
					"access_key_id": {"get_secret": "aws_access_key_id"}, "secret_access_key": {"get_secret": "aws_secret_access_key"}}}}}}`,
			"aws", "dev-small",
			cell{
				Components: []tree{
					{Node: "network", Blueprint: "aws_single_node", Deployment: "aws-dev-small-network", Below: []tree{
						{Node: "vpc_deployment", Blueprint: "vpc", Deployment: "aws-dev-small-network-vpc"},
						{Node: "vm_deployment", Blueprint: "aws_vm", Deployment: "aws-dev-small-network-vm"},
					}},
					{Node: "kubernetes", Blueprint: "minikube", Deployment: "aws-dev-small-compute"},
					{Node: "database", Blueprint: "aws_psql", Deployment: "aws-dev-small-database"},
					{Node: "s3", Blueprint: "minio", Deployment: "aws-dev-small-storage"},
				},
				Secrets: []string{"aws_access_key_id", "aws_secret_access_key", "eaas_params", "private_key_content", "public_key_content"},
			},
		},
	}
	facts := newFirstStart(t)
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			params := tc.params
			if params == "" {
				params = blueprints.SampleEaasParams()
			}
			facts.secrets[orchestrator.EaasParams] = orchestrator.Secret{Value: params, Kind: orchestrator.SecretConfiguration}
			resolution, err := compose.Resolve(facts, compose.Subject{
				DeploymentID: "shop", BlueprintID: "app", Plan: facts.plans["app"],
				Inputs: map[string]orchestrator.Value{"cloud_type": tc.cloud, "env_type": tc.envType},
			})
			if err != nil {
				t.Fatal(err)
			}
			got := cell{sketch(resolution.Components), resolution.Secrets, resolution.Missing, resolution.Problems}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}
