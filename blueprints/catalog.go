package blueprints

import (
	"embed"
	"fmt"
	"io/fs"
)

// FS holds every file of the catalogue.
//
//go:embed types eaas workloads samples
var FS embed.FS

// MainFile is the main file of every bundled blueprint.
const MainFile = "blueprint.yaml"

// Kind says what people do with a bundled blueprint.
type Kind string

// An app is launched as an environment, a workload onto one; a component is
// what an app is made of.
const (
	App       Kind = "app"
	Component Kind = "component"
	Workload  Kind = "workload"
)

// Entry is one bundled blueprint.
type Entry struct {
	ID          string // the blueprint id that it is uploaded under
	Dir         string // its folder in FS
	Title       string
	Description string
	Kind        Kind
}

// Files returns the blueprint's own folder, as an archive of it would look.
func (e Entry) Files() (fs.FS, error) {
	files, err := fs.Sub(FS, e.Dir)
	if err != nil {
		return nil, fmt.Errorf("open bundled blueprint %s: %w", e.ID, err)
	}
	return files, nil
}

// Catalog lists the bundled blueprints in the order of the page: what people
// launch first, then what it is made of, cloud by cloud.
func Catalog() []Entry {
	return []Entry{
		{"app", "eaas/app", "Environment", "Network, Kubernetes, database and object store on the cloud and in the size of your choice.", App},
		{"website", "workloads/website", "Web site", "A web site on the cluster of any environment, next to its database and object store.", Workload},
		{"vpc", "eaas/vpc", "AWS base network", "VPC, Internet gateway, two subnets and a security group.", Component},
		{"aws_vm", "eaas/aws_vm", "AWS machine", "A virtual machine with a public address in a base network.", Component},
		{"aws_single_node", "eaas/aws_single_node", "AWS single node", "A base network and one machine for all parts.", Component},
		{"minikube", "eaas/minikube", "Kubernetes on a machine", "minikube on Docker, reachable from outside.", Component},
		{"aws_psql", "eaas/aws_psql", "PostgreSQL on a machine", "PostgreSQL 16 with a master role.", Component},
		{"minio", "eaas/minio", "Object store on a machine", "MinIO with one bucket.", Component},
		{"rg", "eaas/rg", "Azure base network", "Resource group, virtual network, two subnets, security group and storage account.", Component},
		{"azure_prod_network", "eaas/azure_prod_network", "Azure production network", "A base network, public subnets with addresses and load balancers.", Component},
		{"aks", "eaas/aks", "Azure Kubernetes", "A managed cluster with a service account that may administer it.", Component},
		{"azure_rds_psql", "eaas/azure_rds_psql", "Azure PostgreSQL", "A flexible server of version 16, deployed by an ARM template.", Component},
		{"azure_s3", "eaas/azure_s3", "Azure object store", "A storage account with a private container.", Component},
	}
}

// SampleEaasParams is the text of the secret eaas_params that the first start
// writes: the cells for which the catalogue has blueprints.
func SampleEaasParams() string { return mustRead("samples/eaas_params.json") }

// mustRead reads a file that the compiler put into FS; the tests read them all.
func mustRead(name string) string {
	text, err := FS.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("bundled file %s: %v", name, err))
	}
	return string(text)
}
