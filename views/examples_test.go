package views

import (
	"fmt"
	"time"

	"github.com/a-h/templ"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/diag"
	"github.com/slipwayhq/slipway/views/timeline"
	"github.com/slipwayhq/slipway/views/topology"
)

// The examples fill every page with what the two cells of the bundled catalogue
// look like, so that goldens and previews show real names and real lengths.

var exampleNow = time.Date(2026, 11, 24, 14, 9, 23, 0, time.UTC)

func exampleChrome(title string, section Section) Chrome {
	return Chrome{Title: title, Section: section, User: "ada", Team: "default_tenant", Role: orchestrator.Admin, CSRF: "csrf-token"}
}

func ago(d time.Duration) When { return Ago(exampleNow.Add(-d), exampleNow) }

// examples are all pages in all states worth looking at, by golden file name.
func examples() map[string]templ.Component {
	return map[string]templ.Component{
		"sign-in":             SignIn(SignInPage{CSRF: "csrf-token", Next: "/environments/app_dev_small"}),
		"sign-in-failed":      SignIn(SignInPage{CSRF: "csrf-token", Next: "/", Name: "ada", Error: "Name or password is wrong.", Providers: []Provider{{"E", "Microsoft Entra ID", "/sign-in/entra"}}}),
		"catalogue":           Catalogue(exampleCatalogue()),
		"launch":              Launch(exampleLaunch()),
		"launch-faults":       Launch(exampleLaunchFaults()),
		"launch-website":      Launch(exampleLaunchWebsite()),
		"environments":        Environments(exampleEnvironments()),
		"environments-first":  Environments(EnvironmentsPage{Chrome: exampleChrome("Environments", SectionEnvironments), First: true}),
		"environment-install": Environment(exampleInstalling()),
		"environment-up":      Environment(exampleAzureUp()),
		"environment-live":    EnvironmentLive(exampleInstalling().EnvironmentParts, "csrf-token"),
		"uninstall":           Confirm(exampleUninstall()),
		"uninstall-blocked":   Confirm(exampleUninstallBlocked()),
		"value":               Value(ValuePage{Chrome: exampleChrome("db_master_password", SectionEnvironments), Name: "db_master_password", Value: "example-value", Back: Link{"Back to app_dev_small", "/environments/app_dev_small"}}),
		"executions":          Executions(exampleExecutions()),
		"execution-failed":    Execution(exampleFailed()),
		"execution-running":   Execution(exampleRunning()),
		"execution-live":      ExecutionLive(exampleRunning().ExecutionParts, "csrf-token"),
		"cancel":              Cancel(exampleCancel()),
		"blueprints":          Blueprints(exampleBlueprints()),
		"blueprint":           Blueprint(exampleBlueprint()),
		"upload":              Upload(exampleUpload()),
		"secrets":             Secrets(exampleSecrets()),
		"secret-eaas-params":  Secret(exampleEaasParams()),
		"secret-sensitive":    Secret(exampleSensitive()),
		"error-404":           Error(ErrorPage{Chrome: exampleChrome("Not found", ""), Status: "404", Heading: "There is no environment app_dev_smal", Text: "It may have been deleted, or it belongs to another team.", Actions: []Link{{"All environments", "/environments"}}}),
		"error-500":           Error(ErrorPage{Chrome: exampleChrome("Something went wrong", ""), Status: "500", Heading: "Something went wrong on our side", Text: "Nothing that you asked for was half done. Try again; if it stays, give this number to whoever runs Slipway.", Actions: []Link{{"All environments", "/environments"}}, RequestID: "5e1c0c4b7a2d4f3a"}),
	}
}

func exampleCatalogue() CataloguePage {
	blocks := []Block{}
	for _, b := range [][3]string{
		{"aks", "Managed Kubernetes on Azure", "3 nodes"}, {"aws_psql", "PostgreSQL 16 on a virtual machine", "2 nodes"},
		{"aws_single_node", "One virtual machine in a network of its own", "6 nodes"}, {"aws_vm", "A virtual machine with a public address", "4 nodes"},
		{"azure_prod_network", "Public and private subnets with their gateways", "16 nodes"}, {"azure_rds_psql", "PostgreSQL flexible server, from an ARM template", "3 nodes"},
		{"azure_s3", "Storage account with one container", "2 nodes"}, {"minikube", "Single-node Kubernetes on a virtual machine", "3 nodes"},
		{"minio", "S3-compatible object store on a virtual machine", "4 nodes"}, {"rg", "Resource group with a base network", "8 nodes"},
		{"vpc", "VPC with two subnets and a security group", "6 nodes"},
	} {
		blocks = append(blocks, Block{ID: b[0], Version: "v1", Description: b[1], Page: "/blueprints/" + b[0], Launch: "/launch/" + b[0], Nodes: b[2], Running: "1"})
	}
	return CataloguePage{
		Chrome: exampleChrome("Catalogue", SectionCatalogue), Search: Search{Action: "/catalogue", Placeholder: "Search blueprints"},
		Tiles: []Tile{
			{ID: "app", Version: "v1", Kind: "Environment", Description: "Network, Kubernetes, database and object store as one environment, on the cloud and of the size that you pick.",
				Cells:   []CellLine{{"AWS dev-small", Mark{"ok", "Can be launched"}, "/launch/app?cloud_type=aws&env_type=dev-small"}, {"Azure production", Mark{"attn", "Would be rehearsed"}, "/launch/app?cloud_type=azure&env_type=production"}},
				Running: "3 deployed", Launch: "/launch/app", Page: "/blueprints/app"},
			{ID: "website", Version: "v1", Kind: "Workload", Description: "A small website on an environment's Kubernetes, with its database and bucket. The same on every cloud.", Running: "1 deployed", Launch: "/launch/website", Page: "/blueprints/website"},
		},
		Blocks: blocks, BlocksTotal: "11",
	}
}

func exampleLaunch() LaunchPage {
	c := exampleChrome("Launch app", SectionCatalogue)
	c.Crumbs = []Link{{"Catalogue", "/catalogue"}}
	return LaunchPage{
		Chrome: c, Blueprint: "app", Version: "v1", Lede: "Network, Kubernetes, database and object store as one environment.",
		Action: "/launch/app", PreviewAction: "/launch/app/preview", Commit: Commit{Blueprint: "app", Rehearsal: true},
		Where: []Field{
			{ID: "in-cloud_type", Name: "in.cloud_type", Label: "cloud_type", Kind: FieldPicks, Shapes: true, Options: []Option{{"aws", "AWS", "", true}, {"azure", "Azure", "", false}}},
			{ID: "in-env_type", Name: "in.env_type", Label: "env_type", Kind: FieldPicks, Shapes: true, Options: []Option{{"dev-small", "dev-small", "", true}, {"dev-large", "dev-large", "", false}, {"production", "production", "", false}}},
		},
		Name:    Field{ID: "id", Name: "id", Label: "Name", Kind: FieldText, Value: "app_dev_small", Mono: true, Required: true, Shapes: true, Help: "Letters, digits, dots, hyphens and underscores. It names everything that is built."},
		Preview: examplePreview(),
	}
}

func examplePreview() Preview {
	return Preview{
		Cell: "aws × dev-small", Mark: Mark{"ok", "Can be launched"},
		Rehearsal: "A rehearsal, because aws_access_key_id and aws_secret_access_key are placeholders. Nothing in AWS or Azure is touched; minutes run as seconds. To launch for real, set both under Secrets.",
		Legs: []Leg{
			{1, "network", "aws_single_node", "app_dev_small-network"}, {2, "vpc_deployment", "vpc", "app_dev_small-vpc"}, {2, "vm_deployment", "aws_vm", "app_dev_small-vm"},
			{1, "kubernetes", "minikube", "app_dev_small-compute"}, {1, "database", "aws_psql", "app_dev_small-database"}, {1, "s3", "minio", "app_dev_small-storage"},
		},
		Facts:   []Fact{{Term: "Deployments", Value: "7"}, {Term: "Nodes", Value: "29"}, {Term: "Secrets read", Value: "5"}},
		Command: "slipway deployments create app_dev_small -b app \\\n  -i cloud_type=aws -i env_type=dev-small\nslipway executions start install -d app_dev_small",
	}
}

func exampleLaunchFaults() LaunchPage {
	m := exampleLaunch()
	m.Blueprint, m.Action, m.Commit = "minio", "/launch/minio", Commit{Blueprint: "minio", CanRehearse: true}
	m.Where = nil
	m.Name.Value, m.Name.Error = "my minio", "A name takes letters, digits, dots, hyphens and underscores. Try my_minio."
	m.Inputs = []Field{
		{ID: "in-network_deployment_id", Name: "in.network_deployment_id", Label: "network_deployment_id", Type: "deployment", Kind: FieldSelect, Shapes: true, Options: []Option{{"app_dev_small-network", "app_dev_small-network", "", true}}},
		{ID: "in-bucket_name", Name: "in.bucket_name", Label: "bucket_name", Type: "string, 3 to 63", Kind: FieldText, Mono: true, Value: "App-Dev-Data", Error: "Bucket names take lower-case letters, digits and hyphens.", Shapes: true},
		{ID: "in-ports", Name: "in.ports", Label: "ports", Type: "list of integer, as YAML", Kind: FieldArea, Value: "- 22\n- 9000", Help: "Default: [22, 9000]"},
		{ID: "in-replicas", Name: "in.replicas", Label: "replicas", Type: "integer, 1 to 4", Kind: FieldNumber, Value: "1"},
	}
	m.More = []Field{{ID: "in-bucket_region", Name: "in.bucket_region", Label: "bucket_region", Type: "string", Kind: FieldText, Mono: true, Value: "us-east-1", Help: "Where clients think the bucket is."}}
	m.Faults = &Notice{Tone: ToneFail, Title: "2 fields need a change.", Focus: true, Items: []Link{{"Name", "#id"}, {"bucket_name", "#in-bucket_name"}}}
	m.Preview = Preview{Notices: []Notice{{Tone: ToneAttn, Title: "eaas_params has no cell azure × dev-large.", Text: "Add it to the secret eaas_params, or pick another cell.", Actions: []Link{{"Open eaas_params", "/secrets/eaas_params"}}}}}
	return m
}

func exampleLaunchWebsite() LaunchPage {
	m := exampleLaunch()
	m.Blueprint, m.Action, m.PreviewAction, m.Lede = "website", "/launch/website", "/launch/website/preview", "A small website on an environment's Kubernetes, with its database and bucket. The same on every cloud."
	m.Where = nil
	m.Name.Value = "website"
	m.Inputs = []Field{{ID: "in-environment", Name: "in.environment", Label: "environment", Type: "environment", Kind: FieldSelect, Shapes: true, Help: "The environment whose Kubernetes, database and bucket it uses.", Options: []Option{{"app_dev_small", "app_dev_small, AWS dev-small", "", true}, {"app_production", "app_production, Azure production", "", false}}}}
	m.Preview = Preview{Facts: []Fact{{Term: "Nodes", Value: "5"}}, Command: "slipway deployments create website -b website \\\n  -i environment=app_dev_small\nslipway executions start install -d website"}
	return m
}

func exampleEnvironments() EnvironmentsPage {
	c := exampleChrome("Environments", SectionEnvironments)
	c.Stream, c.Live = "/environments/stream", "/environments/live"
	return EnvironmentsPage{
		Chrome:  c,
		Filters: []Filter{{Text: "All", Href: "/environments", Count: "6", Current: true}, {Text: "Up", Href: "?state=up", Count: "2", Kind: "ok"}, {Text: "Under way", Href: "?state=working", Count: "2", Kind: "running"}, {Text: "Needs attention", Href: "?state=attention", Count: "1", Kind: "attn"}, {Text: "Not built", Href: "?state=not-built", Count: "1", Kind: "queued"}},
		Search:  Search{Action: "/environments", Placeholder: "Filter by name"},
		Owner:   []Filter{{Text: "Team", Href: "?", Current: true}, {Text: "Mine", Href: "?owner=me"}},
		Rows: []EnvironmentRow{
			{Name: "app_dev_small", Href: "/environments/app_dev_small", Cell: "AWS dev-small", Rehearsal: true, State: Mark{"running", "Coming up"}, Operation: Mark{"running", "install running"}, By: "you, 6 m 12 s", Reason: "minikube starts; minio-client is on try 2 of 60", Owner: "you", Created: ago(8 * time.Minute), Progress: &Progress{24, 29, "24 of 29 steps"}},
			{Name: "app_production", Href: "/environments/app_production", Cell: "Azure production", State: Mark{"ok", "Up"}, Operation: Mark{"ok", "install completed"}, By: "release, 3 h ago", Reason: "38 nodes in 21 m 04 s", Owner: "release", Created: ago(4 * time.Hour)},
			{Name: "azure_trial", Href: "/environments/azure_trial", Cell: "Azure production", State: Mark{"attn", "Needs attention"}, Operation: Mark{"fail", "install failed"}, By: "you, 14 min ago", Reason: "aks_cluster: QuotaExceeded for standardDSv3Family in westeurope", Owner: "you", Created: ago(26 * time.Hour)},
			{Name: "pr_482", Href: "/environments/pr_482", Cell: "AWS dev-small", Rehearsal: true, State: Mark{"deleting", "Coming down"}, Operation: Mark{"running", "uninstall running"}, By: "merge bot, 1 m 50 s", Reason: "11 of 29 nodes left", Owner: "merge bot", Created: ago(50 * time.Hour), Progress: &Progress{18, 29, "18 of 29 steps"}},
			{Name: "website", Href: "/environments/website", Cell: "on app_production", State: Mark{"ok", "Up"}, Operation: Mark{"ok", "install completed"}, By: "release, 2 h ago", Reason: "5 nodes in 8.2 s", Owner: "release", Created: ago(2 * time.Hour)},
			{Name: "checkout_load_with_a_name_that_goes_on", Href: "/environments/x", Cell: "AWS dev-small", State: Mark{"queued", "Not built"}, Owner: "grace", Created: ago(13 * 24 * time.Hour)},
		},
		Pager: Pager{Text: "1 to 6 of 31", Next: "?offset=6"},
	}
}

func exampleNode(id, kind string) topology.Item {
	return topology.Item{ID: id, Name: id, Kind: kind, Href: "?node=" + id + "_a1b2c3", Title: id + ", " + kind}
}

func exampleTopology() topology.Graph {
	vpc := &topology.Graph{
		Items: []topology.Item{exampleNode("vpc", "ok"), exampleNode("internet_gateway", "ok"), exampleNode("subnet_1", "ok"), exampleNode("subnet_2", "ok"), exampleNode("agents_security_group", "ok"), exampleNode("agents_security_group_rules", "ok")},
		Edges: []topology.Edge{{From: "vpc", To: "internet_gateway"}, {From: "vpc", To: "subnet_1"}, {From: "vpc", To: "subnet_2"}, {From: "vpc", To: "agents_security_group"}, {From: "agents_security_group", To: "agents_security_group_rules"}},
	}
	port := exampleNode("vpc_port", "ok")
	port.Port, port.Title = true, "vpc_deployment, shared with app_dev_small-vpc"
	vm := &topology.Graph{
		Items: []topology.Item{port, exampleNode("nic", "ok"), exampleNode("ip", "ok"), exampleNode("vm", "ok")},
		Edges: []topology.Edge{{From: "vpc_port", To: "nic"}, {From: "nic", To: "ip"}, {From: "ip", To: "vm"}},
	}
	external := func(id, name string) topology.Item {
		item := exampleNode(id, "ok")
		item.Name, item.External = name, true
		return item
	}
	network := &topology.Graph{
		Items: []topology.Item{{ID: "vpc_deployment", Name: "vpc_deployment", Sub: "app_dev_small-vpc", Note: "38 s", Kind: "ok", Inner: vpc}, external("vpc_x", "vpc"), external("rt_x", "main_route_table"), external("igw_x", "internet_gateway"), exampleNode("route_internet_gateway", "ok"), {ID: "vm_deployment", Name: "vm_deployment", Sub: "app_dev_small-vm", Note: "1 m 46 s", Kind: "ok", Inner: vm}},
		Edges: []topology.Edge{{From: "vpc_deployment", To: "vpc_x"}, {From: "vpc_x", To: "rt_x"}, {From: "vpc_x", To: "igw_x"}, {From: "rt_x", To: "route_internet_gateway"}, {From: "igw_x", To: "route_internet_gateway"}, {From: "vpc_deployment", To: "vm_deployment"}},
	}
	chain := func(prefix string, items ...topology.Item) *topology.Graph {
		p := exampleNode(prefix+"_network", "ok")
		p.Port = true
		g := &topology.Graph{Items: append([]topology.Item{p}, items...)}
		for i := 1; i < len(g.Items); i++ {
			g.Edges = append(g.Edges, topology.Edge{From: g.Items[i-1].ID, To: g.Items[i].ID})
		}
		return g
	}
	minikube := exampleNode("minikube", "running")
	minikube.Note, minikube.Picked = "starting, 1 m 42 s", true
	return topology.Graph{
		Items: []topology.Item{exampleNode("prefix", "ok"),
			{ID: "network", Name: "network", Sub: "app_dev_small-network", Note: "2 m 51 s", Kind: "ok", Inner: network},
			{ID: "kubernetes", Name: "kubernetes", Sub: "app_dev_small-compute", Note: "2 of 3", Kind: "running", Inner: chain("k", exampleNode("docker", "ok"), minikube)},
			{ID: "database", Name: "database", Sub: "app_dev_small-database", Note: "1 m 12 s", Kind: "ok", Inner: chain("d", exampleNode("database_node", "ok"))},
			{ID: "s3", Name: "s3", Sub: "app_dev_small-storage", Note: "2 of 4", Kind: "attn", Inner: chain("s", exampleNode("minio-server", "ok"), exampleNode("minio-client", "attn"), exampleNode("minio-bucket", "queued"))}},
		Edges: []topology.Edge{{From: "prefix", To: "network"}, {From: "network", To: "kubernetes"}, {From: "network", To: "database"}, {From: "network", To: "s3"}},
	}
}

func exampleLog(live bool) Log {
	texts := []struct{ level, node, text string }{
		{"", "docker", "create: docker.io 27.5.1 is installed"}, {"", "minikube", "create: minikube v1.36.0, checksum matches"}, {"", "minikube", "state creating → created"},
		{"", "minikube start", "Sending task 'fabric_plugin.tasks.run_script'"}, {"", "minikube start", "* Using the docker driver based on user configuration"}, {"", "minikube start", "* Pulling base image v0.0.47 ..."},
		{"warning", "minikube start", "! This VM is having trouble accessing the registry, retrying in 5 s"}, {"", "minikube start", "* Preparing Kubernetes v1.33.1 on Docker 28.1.1 ..."},
		{"error", "minio-client configure", "health check on 10.0.0.14:9000 answered 503\n    caused by the server started 11 s ago"}, {"", "minikube start", "* Booting up control plane ..."},
	}
	var lines []Line
	for i := range 24 {
		t := texts[i%len(texts)]
		lines = append(lines, Line{Number: int64(396 + i), Time: exampleNow.Add(time.Duration(i-24) * time.Second).Format("15:04:05.000"), Level: t.level, Text: t.node + ": " + t.text})
	}
	return Log{
		Heading: "Log", Root: "4f1c2d3e-0000-4000-8000-000000000001", Chunks: Chunks(lines), Total: "419 lines", Last: 419, Seen: 419, Live: live,
		Filters: []Filter{{Text: "All", Href: "?", Current: true}, {Text: "Warnings", Href: "?level=warning", Count: "3"}, {Text: "Errors", Href: "?level=error", Count: "2"}},
		Search:  Search{Action: "/environments/app_dev_small", Placeholder: "Search this log"}, Text: "/executions/4f1c2d3e/log.txt",
		Execution: &Link{"Open execution", "/executions/4f1c2d3e"}, Empty: "Nothing has been said yet.",
	}
}

func exampleInstalling() EnvironmentPage {
	c := exampleChrome("app_dev_small", SectionEnvironments)
	c.Crumbs, c.Wide = []Link{{"Environments", "/environments"}}, true
	c.Rehearsal = "Nothing in AWS or Azure is touched. Minutes run as seconds."
	c.Stream, c.Live, c.Working = "/environments/app_dev_small/stream", "/environments/app_dev_small/live", true
	owner := When{Text: "8 min ago"}
	return EnvironmentPage{
		Chrome: c, Log: exampleLog(true), Inputs: []Row{{"cloud_type", "aws"}, {"env_type", "dev-small"}},
		EnvironmentParts: EnvironmentParts{
			Name: "app_dev_small", State: Mark{"running", "Coming up"}, Cell: "AWS dev-small", Rehearsed: true,
			Sentence: "minikube starts; minio-client is on its second try.",
			Actions:  []Action{{Text: "Cancel install…", Href: "/executions/4f1c2d3e/cancel"}, {Text: "Uninstall…", Danger: true, Why: "install is running; cancel it or wait for its end"}},
			Progress: &Progress{24, 29, "24 of 29 steps"},
			Facts:    []Fact{{Term: "Install", Value: "24 of 29 steps, 6 m 12 s"}, {Term: "Owner", Value: "you", Quiet: "team default_tenant"}, {Term: "Cell", Value: "aws × dev-small"}, {Term: "Blueprint", Value: "app", Href: "/blueprints/app", Quiet: "v1"}, {Term: "Created", When: &owner}},
			Executions: []ExecutionDot{{Mark{"running", "install running"}, "6 m 12 s, you", "/executions/4", true}, {Mark{"ok", "uninstall completed"}, "1 h ago, ada", "/executions/3", false},
				{Mark{"cancelled", "install cancelled"}, "1 d ago, ada", "/executions/2", false}, {Mark{"fail", "install failed"}, "1 d ago, ada", "/executions/1", false}},
			AllRuns:    Link{"All 4", "/executions?q=app_dev_small"},
			Topology:   TopologyView{Drawing: topology.Draw(exampleTopology()), Count: "26 nodes, 7 deployments", Label: "Topology of app_dev_small", Legend: []Mark{{"ok", "Started 22"}, {"running", "Starting 1"}, {"attn", "Retrying 1"}, {"queued", "Waiting 1"}}, Picked: &PickedNode{Mark{"running", "Starting"}, "minikube", "app_dev_small-compute", "start on vm 198.18.0.10, 1 m 42 s, try 1 of 61", "/environments/app_dev_small"}},
			Waiting:    []Waiting{{Mark{"running", "Starting"}, "minikube start", "1 m 42 s", "fabric_plugin.tasks.run_script"}, {Mark{"attn", "Retrying"}, "minio-client configure", "retry 2 of 60 in 9 s", "health check on 10.0.0.14:9000 answered 503. The server started 11 s ago."}, {Mark{"queued", "Waiting"}, "minio-bucket", "not started", "Starts when minio-client is up."}},
			Components: exampleComponents(),
			Nodes:      append(exampleComponents(), ComponentRow{Depth: 3, Node: "subnet_1", Href: "?", Type: "cloudify.nodes.aws.ec2.Subnet", Deployment: "app_dev_small-vpc", State: Mark{"ok", "Started"}}),
			Ready:      "2 of 6 ready",
			Capabilities: []Capability{{Name: "k8s_endpoint", Pending: "waits for kubernetes"}, {Name: "k8s_config", Pending: "waits for kubernetes"}, {Name: "db_host", Value: "198.18.0.10"}, {Name: "db_master_username", Value: "psqladmin"},
				{Name: "db_master_password", Masked: true, Reveal: "/environments/app_dev_small/capabilities/db_master_password/reveal"}, {Name: "bucket_url", Pending: "waits for s3"}},
		},
	}
}

func exampleComponents() []ComponentRow {
	row := func(depth int, node, blueprint, deployment string, state Mark, nodes, took string) ComponentRow {
		return ComponentRow{Depth: depth, Node: node, Href: "/environments/" + deployment, Type: blueprint, Deployment: deployment, State: state, Nodes: nodes, Took: took, Component: true}
	}
	return []ComponentRow{
		row(1, "network", "aws_single_node", "app_dev_small-network", Mark{"ok", "Started"}, "6 of 6", "2 m 51 s"), row(2, "vpc_deployment", "vpc", "app_dev_small-vpc", Mark{"ok", "Started"}, "6 of 6", "38 s"),
		row(1, "kubernetes", "minikube", "app_dev_small-compute", Mark{"running", "Starting"}, "2 of 3", "3 m 04 s"), row(1, "s3", "minio", "app_dev_small-storage", Mark{"attn", "Retrying, configuring"}, "2 of 4", "3 m 04 s"),
	}
}

func exampleAzureUp() EnvironmentPage {
	m := exampleInstalling()
	m.Chrome = exampleChrome("app_production", SectionEnvironments)
	m.Crumbs, m.Wide = []Link{{"Environments", "/environments"}}, true
	m.Log = exampleLog(false)
	m.Name, m.State, m.Cell, m.Rehearsed = "app_production", Mark{"ok", "Up"}, "Azure production", false
	m.Sentence = "38 nodes came up in 21 m 04 s, 3 h ago."
	m.Progress, m.Waiting, m.Topology.Picked = nil, nil, nil
	m.Actions = []Action{{Text: "Deploy website onto it", Href: "/launch/website?in.environment=app_production", Primary: true}, {Text: "Uninstall…", Href: "/environments/app_production/uninstall", Danger: true}}
	m.Capabilities = []Capability{{Name: "k8s_endpoint", Value: "https://aks-1234567.hcp.westeurope.azmk8s.io:443", Link: true}, {Name: "k8s_config", Masked: true, Reveal: "/r"}, {Name: "db_host", Value: "psql-qwerty.postgres.database.azure.com"}, {Name: "db_master_username", Value: "psqladmin"}, {Name: "db_master_password", Masked: true}, {Name: "bucket_url", Value: "https://qwertystorage.blob.core.windows.net/data", Link: true}}
	m.Ready = "6 of 6 ready"
	m.Executions = []ExecutionDot{{Mark{"ok", "install completed"}, "3 h ago, release", "/executions/9", true}}
	g := topology.Graph{Items: []topology.Item{exampleNode("prefix", "ok"), {ID: "network", Name: "network", Sub: "app_production-network", Note: "4 m 02 s", Kind: "ok", Inner: &topology.Graph{Items: []topology.Item{exampleNode("rg_deployment", "ok"), exampleNode("public_ip_01", "ok"), exampleNode("public_ip_02", "ok"), exampleNode("private_nat_gateway_01", "ok"), exampleNode("private_nat_gateway_02", "ok"), exampleNode("security_group", "ok"), exampleNode("security_group_rule", "ok")}, Edges: []topology.Edge{{From: "rg_deployment", To: "public_ip_01"}, {From: "rg_deployment", To: "public_ip_02"}, {From: "public_ip_01", To: "private_nat_gateway_01"}, {From: "public_ip_02", To: "private_nat_gateway_02"}, {From: "rg_deployment", To: "security_group"}, {From: "security_group", To: "security_group_rule"}}}}, {ID: "kubernetes", Name: "kubernetes", Sub: "app_production-compute", Kind: "ok", Note: "9 m 40 s"}, {ID: "database", Name: "database", Sub: "app_production-database", Kind: "ok", Note: "11 m 12 s"}, {ID: "s3", Name: "s3", Sub: "app_production-storage", Kind: "ok", Note: "50 s"}},
		Edges: []topology.Edge{{From: "prefix", To: "network"}, {From: "network", To: "kubernetes"}, {From: "network", To: "database"}, {From: "network", To: "s3"}}}
	m.Topology.Drawing, m.Topology.Legend, m.Topology.Count = topology.Draw(g), []Mark{{"ok", "Started 38"}}, "38 nodes, 6 deployments"
	for i := range m.Components {
		m.Components[i].State = Mark{"ok", "Up"}
	}
	return m
}

func exampleUninstall() ConfirmPage {
	c := exampleChrome("Uninstall app_dev_small", SectionEnvironments)
	c.Slim, c.Crumbs = true, []Link{{"Environments", "/environments"}, {"app_dev_small", "/environments/app_dev_small"}}
	return ConfirmPage{Chrome: c, Heading: "Uninstall app_dev_small", Sentence: "Everything that it built is taken down, last things first.",
		Consequences: []string{"29 nodes in 7 deployments end.", "The database and the bucket go with them; no copy is kept.", "The environment stays in the list as “Not built” until you delete it."},
		Name:         "app_dev_small", Action: "/environments/app_dev_small/uninstall", Button: "Uninstall app_dev_small", Back: Link{"Keep it", "/environments/app_dev_small"}}
}

func exampleUninstallBlocked() ConfirmPage {
	m := exampleUninstall()
	m.Blocked = &Notice{Tone: ToneAttn, Title: "website uses app_dev_small.", Text: "Uninstall it first; it reads k8s_config, db_host and bucket_url.", Actions: []Link{{"Open website", "/environments/website"}}}
	m.Consequences = nil
	return m
}

func exampleExecutions() ExecutionsPage {
	row := func(workflow, deployment string, m Mark, reason, steps, took, by string, d time.Duration) ExecutionRow {
		return ExecutionRow{Workflow: workflow, Href: "/executions/x", ID: "4f1c2d3e-51aa-4b1b-9e7c-0d8f4f2a9c11", Deployment: deployment, DeploymentHref: "/environments/" + deployment, State: m, Reason: reason, Steps: steps, Took: took, By: by, Started: ago(d), Rehearsal: deployment == "app_dev_small"}
	}
	return ExecutionsPage{Chrome: exampleChrome("Executions", SectionExecutions), Search: Search{Action: "/executions", Placeholder: "Filter by deployment"},
		Filters: []Filter{{Text: "All", Href: "?", Current: true}, {Text: "Running", Href: "?", Kind: "running"}, {Text: "Failed", Href: "?", Kind: "fail"}},
		Rows: []ExecutionRow{row("install", "app_dev_small", Mark{"running", "Running"}, "minikube starts", "24 of 29", "6 m 12 s", "ada", 7*time.Minute), row("uninstall", "app_trial", Mark{"cancelling", "Cancelling"}, "vm finishes first", "3 of 29", "40 s", "ada", 50*time.Minute),
			row("install", "azure_trial", Mark{"fail", "Failed"}, "aks_cluster: QuotaExceeded", "17 of 38", "4 m 40 s", "ada", 14*time.Minute), row("install", "app_production", Mark{"ok", "Completed"}, "", "38 of 38", "21 m 04 s", "release", 3*time.Hour)},
		Pager: Pager{Text: "1 to 4 of 4"}}
}

func exampleFailed() ExecutionPage {
	c := exampleChrome("install of azure_trial", SectionExecutions)
	c.Wide, c.Crumbs = true, []Link{{"Executions", "/executions"}, {"azure_trial", "/environments/azure_trial"}}
	l := exampleLog(false)
	l.Execution = nil
	started := ago(19 * time.Minute)
	return ExecutionPage{Chrome: c, Log: l, ExecutionParts: ExecutionParts{
		Heading: "install of azure_trial", State: Mark{"fail", "Failed"}, Sentence: "Stopped after 4 m 40 s. The 17 nodes that are up stay up.",
		Actions: []Action{{Text: "Open environment", Href: "/environments/azure_trial"}},
		Failure: &Notice{Tone: ToneFail, Title: "aks_cluster could not be created: QuotaExceeded.", Text: "Azure: “Operation results in exceeding approved standardDSv3Family Cores quota.” Ask for more quota or pick another node_pool_size, then install again; what is up is kept."},
		Facts:   []Fact{{Term: "Steps", Value: "17 of 38"}, {Term: "Took", Value: "4 m 40 s"}, {Term: "Started", When: &started}, {Term: "By", Value: "ada"}, {Term: "Id", Value: "4f1c2d3e-51aa-4b1b-9e7c-0d8f4f2a9c11", Mono: true}},
	}}
}

// exampleStep is a step of an example's timeline, in seconds.
func exampleStep(node string, from, until float64, after ...string) timeline.Step {
	at := func(s float64) time.Time { return exampleNow.Add(time.Duration((s - 372) * float64(time.Second))) }
	step := timeline.Step{ID: node, Row: node + "_a1b2c3", Name: node, Act: "create", After: after, State: timeline.Done, Began: at(from), Ended: at(until)}
	if until == 0 {
		step.State, step.Ended = timeline.Running, time.Time{}
	}
	return step
}

func exampleRunning() ExecutionPage {
	c := exampleChrome("install of app_dev_small", SectionExecutions)
	c.Wide, c.Crumbs = true, []Link{{"Executions", "/executions"}, {"app_dev_small", "/environments/app_dev_small"}}
	c.Rehearsal = "Nothing in AWS or Azure is touched. Minutes run as seconds."
	c.Stream, c.Live, c.Working = "/executions/4/stream", "/executions/4/live", true
	network := timeline.Run{Ended: true, Steps: []timeline.Step{exampleStep("vpc", 2, 40), exampleStep("subnet_1", 40, 61, "vpc"), exampleStep("internet_gateway", 40, 52, "vpc"), exampleStep("vm", 61, 171, "subnet_1")}}
	client := exampleStep("minio-client", 230, 0, "minio-server")
	client.State, client.Failed = timeline.Retrying, []timeline.Stretch{{From: client.Began, To: client.Began.Add(90 * time.Second)}}
	compute := timeline.Run{Steps: []timeline.Step{exampleStep("docker", 172, 270), exampleStep("minikube", 270, 0, "docker")}}
	storage := timeline.Run{Steps: []timeline.Step{exampleStep("minio-server", 172, 230), client, {ID: "bucket", Row: "bucket_a1b2c3", Name: "minio-bucket", After: []string{"minio-client"}, State: timeline.Waiting}}}
	part := func(step timeline.Step, sub string, run timeline.Run) timeline.Step {
		step.Inner = []timeline.Component{{Run: run, Sub: sub, Href: "/executions/" + sub}}
		return step
	}
	run := timeline.Run{Steps: []timeline.Step{exampleStep("prefix", 0, 2), part(exampleStep("network", 2, 172, "prefix"), "app_dev_small-network", network),
		part(exampleStep("kubernetes", 172, 0, "network"), "app_dev_small-compute", compute), part(exampleStep("s3", 172, 0, "network"), "app_dev_small-storage", storage)}}
	l := exampleLog(true)
	l.Execution, l.Grouped, l.FirstError = nil, true, 404
	head := func(key, note string, m Mark, took string, open bool) LogGroup {
		return LogGroup{Key: key, Title: m.Word, Mark: m, Note: note, Took: took, Open: open}
	}
	l.Groups = []LogGroup{head("workflow", "", Mark{"running", "install"}, "", false), head("network_a1b2c3", "app_dev_small-network", Mark{"ok", "network"}, "2 m 50 s", false), head("kubernetes_a1b2c3", "app_dev_small-compute", Mark{"running", "kubernetes"}, "3 m 20 s", true)}
	l.Groups[2].Chunks, l.Chunks = l.Chunks, nil
	return ExecutionPage{Chrome: c, Log: l, With: []Row{{"cloud_type", "aws"}, {"env_type", "dev-small"}, {"Started by", "you"}}, ExecutionParts: ExecutionParts{
		Heading: "install of app_dev_small", State: Mark{"running", "Running"}, Rehearsed: true, Sentence: "minikube starts; minio-client is on its second try.",
		Actions:  []Action{{Text: "Open environment", Href: "/environments/app_dev_small"}, {Text: "Cancel…", Href: "/executions/4/cancel", Danger: true}},
		Progress: &Progress{24, 29, "24 of 29 steps"}, Facts: []Fact{{Term: "Steps", Value: "24 of 29"}, {Term: "Took", Value: "6 m 12 s"}, {Term: "By", Value: "you"}},
		Waiting:  exampleInstalling().Waiting,
		Timeline: TimelineView{Chart: timeline.Draw(run, exampleNow), Count: "12 nodes, 4 executions"},
		Stop: &Stop{Heading: "Stop this execution", Title: "Cancel", Action: &Action{Text: "Cancel install…", Href: "/executions/4/cancel"},
			Lines: []string{"In flight: minikube starting, minio-client configuring. A cloud request cannot be taken back half-way; it is left to finish.", "1 operation does not begin.", "What is up stays up; Uninstall takes it down."}},
		Groups: l.Groups[:2],
	}}
}

func exampleCancel() CancelPage {
	c := exampleChrome("Cancel install", SectionExecutions)
	c.Slim, c.Crumbs = true, []Link{{"Executions", "/executions"}}
	return CancelPage{Chrome: c, Heading: "Cancel install of app_dev_small", Sentence: "24 of 29 steps are done. This is what stopping does:",
		Finishes: []Waiting{{Mark: Mark{"running", ""}, Name: "minikube start", When: "1 m 42 s"}, {Mark: Mark{"attn", ""}, Name: "minio-client configure", When: "try 2 of 61"}},
		NotBegun: "3 steps that have not begun are left out; the component executions below are cancelled with it.", Remains: "24 nodes keep running and keep costing. Uninstall takes them down.",
		Action: "/executions/x/cancel", Back: Link{"Let it run", "/executions/x"}}
}

func exampleBlueprints() BlueprintsPage {
	return BlueprintsPage{Chrome: exampleChrome("Blueprints", SectionBlueprints), Search: Search{Action: "/blueprints", Placeholder: "Search blueprints"}, CanUpload: true,
		Rows:  []BlueprintRow{{"aks", "/blueprints/aks", "v1", "Managed Kubernetes on Azure", "bundled", "1", ago(50 * time.Hour), "/launch/aks"}, {"app", "/blueprints/app", "v3", "Network, Kubernetes, database and object store as one environment", "ada", "3", ago(3 * time.Hour), "/launch/app"}},
		Pager: Pager{Text: "2 of 2"}}
}

func exampleBlueprint() BlueprintPage {
	c := exampleChrome("app", SectionBlueprints)
	c.Crumbs = []Link{{"Blueprints", "/blueprints"}}
	return BlueprintPage{Chrome: c, ID: "app", Version: "v3", Description: "Network, Kubernetes, database and object store as one environment.",
		Facts:        []Fact{{Term: "Main file", Value: "blueprint.yaml", Mono: true}, {Term: "From", Value: "bundled"}, {Term: "Digest", Value: "3f09a1b2c4d5", Mono: true}, {Term: "Deployments", Value: "3"}},
		Actions:      []Action{{Text: "Launch app", Href: "/launch/app", Primary: true}, {Text: "New version", Href: "/upload-blueprint?id=app"}},
		Inputs:       []InputRow{{Name: "cloud_type", Type: "string", Default: "aws", Limits: "aws, azure", Description: "The cloud to build on."}, {Name: "env_type", Type: "string", Limits: "dev-small, dev-large, production", Description: "How much of it.", Required: true}},
		Capabilities: []InterfaceRow{{"k8s_endpoint", "Address of the Kubernetes API"}, {"k8s_config", "A kubeconfig"}, {"db_host", "Address of PostgreSQL"}},
		Nodes:        []OutlineNode{{Name: "prefix", Type: "slipway.nodes.UniquePrefix"}, {"network", "cloudify.nodes.ServiceComponent", "after prefix"}, {"kubernetes", "cloudify.nodes.ServiceComponent", "after network"}}, NodeCount: "5 nodes",
		Versions: []VersionRow{{"v3", "/blueprints/app?version=3", "ada", "3f09a1b2c4d5", ago(3 * time.Hour), true}, {"v2", "/blueprints/app?version=2", "ada", "77aa01b2c4d5", ago(30 * time.Hour), false}, {"v1", "/blueprints/app?version=1", "bundled", "0009a1b2c4d5", ago(90 * time.Hour), false}}}
}

func exampleUpload() UploadPage {
	c := exampleChrome("Upload a blueprint", SectionBlueprints)
	c.Crumbs, c.Slim = []Link{{"Blueprints", "/blueprints"}}, true
	source := []byte("tosca_definitions_version: cloudify_dsl_1_4\nnode_templates:\n  vm:\n    type: cloudify.nodes.aws.ec2.Instance\n    properties:\n      image: { get_input: imag }\n")
	return UploadPage{Chrome: c,
		ID:       Field{ID: "id", Name: "id", Label: "Id", Kind: FieldText, Mono: true, Value: "vm", Help: "What people type: slipway deployments create … -b vm"},
		MainFile: Field{ID: "main_file", Name: "main_file", Label: "Main file", Kind: FieldText, Mono: true, Value: "blueprint.yaml", Type: "optional"},
		Problem:  &Notice{Tone: ToneFail, Title: "The blueprint was not uploaded.", Text: "Mend 1 error below and upload again. Nothing was kept.", Focus: true},
		Findings: Findings(diag.Diagnostics{
			{Severity: diag.Error, Code: 1, Message: "there is no node type \"cloudify.nodes.aws.ec2.Instance\"", Hint: "did you mean \"cloudify.nodes.aws.ec2.Instances\"?", Path: "node_templates.vm.type", Range: orchestrator.Range{File: "blueprint.yaml", Start: orchestrator.Position{Line: 4, Column: 11}}},
			{Severity: diag.Warning, Message: "input \"imag\" is not declared", Range: orchestrator.Range{File: "blueprint.yaml", Start: orchestrator.Position{Line: 6, Column: 27}}},
		}, func(file string) ([]byte, bool) { return source, file == "blueprint.yaml" })}
}

func exampleSecrets() SecretsPage {
	var rows []SecretRow
	for i, key := range []string{"aws_access_key_id", "aws_keypair", "aws_secret_access_key", "azure_client_id", "azure_client_secret", "eaas_params", "private_key_content", "public_key_content"} {
		kind := "sensitive"
		if orchestrator.DefaultSecretKind(key) == orchestrator.SecretConfiguration {
			kind = "configuration"
		}
		rows = append(rows, SecretRow{Key: key, Href: "/secrets/" + key, Kind: kind, Placeholder: i < 5 && i != 1, Version: fmt.Sprintf("v%d", 1+i%3), Updated: ago(time.Duration(i*7) * time.Hour), By: "first start"})
	}
	return SecretsPage{Chrome: exampleChrome("Secrets", SectionSecrets), Search: Search{Action: "/secrets", Placeholder: "Filter by key"}, Rows: rows, Pager: Pager{Text: "8 of 8"}, CanEdit: true,
		Placeholders: &Notice{Tone: ToneInfo, Title: "Launches are rehearsed while cloud credentials are placeholders.", Text: "Set a cloud's keys to launch there for real."}}
}

func exampleEaasParams() SecretPage {
	c := exampleChrome("eaas_params", SectionSecrets)
	c.Crumbs = []Link{{"Secrets", "/secrets"}}
	changed := ago(3 * time.Hour)
	return SecretPage{Chrome: c, Key: "eaas_params", Version: "v14", Kind: "configuration", Seen: "14", Action: "/secrets/eaas_params",
		Problem: &Notice{Tone: ToneFail, Title: "Not saved: aws.dev-small.db.blueprint names \"aws_pqsl\", which is not uploaded.", Text: "Did you mean aws_psql?", Focus: true},
		Facts:   []Fact{{Term: "Versions", Value: "14"}, {Term: "Changed", When: &changed}, {Term: "By", Value: "ada"}},
		Fields: []Field{{ID: "value", Name: "value", Label: "Value", Type: "JSON: cloud → environment type → network, k8s, db, s3", Kind: FieldArea, Rows: 20, Error: "line 12, column 22: expected a comma",
			Value: "{\n  \"aws\": {\n    \"dev-small\": {\n      \"network\": {\n        \"blueprint\": \"aws_single_node\",\n        \"deployment\": { \"id\": { \"concat\": [ { \"get_sys\": [ \"deployment\", \"id\" ] }, \"-network\" ] } },\n        \"inputs\": { \"aws_region_name\": \"eu-west-1\" }\n      },\n      \"db\": {\n        \"blueprint\": \"aws_pqsl\"\n      }\n    }\n  }\n}"}}}
}

func exampleSensitive() SecretPage {
	c := exampleChrome("aws_secret_access_key", SectionSecrets)
	c.Crumbs, c.Slim = []Link{{"Secrets", "/secrets"}}, true
	changed := ago(50 * time.Hour)
	return SecretPage{Chrome: c, Key: "aws_secret_access_key", Version: "v1", Kind: "sensitive", Seen: "1", Action: "/secrets/aws_secret_access_key",
		Placeholder: &Notice{Tone: ToneInfo, Title: "A placeholder.", Text: "It was written at the first start so that launches can be rehearsed. Saving a value makes launches on AWS real."},
		Facts:       []Fact{{Term: "Versions", Value: "1"}, {Term: "Changed", When: &changed}, {Term: "By", Value: "first start"}},
		Fields:      []Field{{ID: "value", Name: "value", Label: "New value", Type: "never shown again", Kind: FieldPassword, Required: true}}, Delete: "/secrets/aws_secret_access_key/delete"}
}
