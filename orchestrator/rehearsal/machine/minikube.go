package machine

import (
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// Durations in real-cloud time.
const (
	clusterTakes = 90 * time.Second
	deleteTakes  = 10 * time.Second
)

// clusterFile remembers which cluster a user's kubectl talks to.
func (c *command) clusterFile() string {
	return path.Join(c.machine().home(c.shell.user), ".kube", "config")
}

// insideServer is the address that minikube gives a cluster on Docker's network.
const insideServer = "https://192.168.49.2:8443"

func minikube(c *command) int {
	if len(c.args) == 0 {
		return c.fail(64, "say what to do")
	}
	switch c.args[0] {
	case "start":
		return minikubeStart(c)
	case "delete":
		return minikubeDelete(c)
	case "status":
		if _, err := c.disk().read(c.clusterFile()); err != nil {
			return c.fail(85, "Profile \"minikube\" not found")
		}
		c.print("minikube\ntype: Control Plane\nhost: Running\nkubelet: Running\napiserver: Running\nkubeconfig: Configured\n")
		return 0
	default:
		return c.assume()
	}
}

func minikubeStart(c *command) int {
	set, _ := flags(c.args[1:])
	switch m := c.machine(); {
	case c.shell.user == "root":
		return c.fail(64, "Exiting due to DRV_AS_ROOT: The \"docker\" driver should not be used with root privileges.")
	case !m.active("docker"):
		return c.fail(69, "Exiting due to PROVIDER_DOCKER_NOT_RUNNING: Is the docker daemon running?")
	case !m.inGroup(c.shell.user, "docker"):
		return c.fail(64, "Exiting due to PROVIDER_DOCKER_NEWGRP: permission denied while trying to connect to the Docker daemon socket")
	}
	address := strings.Split(set["--apiserver-ips"], ",")[0]
	if address == "" || !strings.HasPrefix(set["--ports"], "8443:") {
		return c.fail(64, "a rehearsed cluster is reached from outside only: give --apiserver-ips=ADDRESS and --ports=8443:8443")
	}
	server := "https://" + address + ":8443"
	if known, err := c.disk().read(c.clusterFile()); err != nil || string(known) != server {
		if code := c.lasts(clusterTakes); code != 0 {
			return code
		}
	}
	err := c.writeCluster(server)
	if err == nil {
		err = c.disk().effect(c.shell.program.ctx, "minikube start", func(served *rehearsal.Served) error {
			return putCluster(c.machine(), served, server, address)
		})
	}
	return c.effectCode(err)
}

func (c *command) writeCluster(server string) error {
	at := c.clusterFile()
	if err := c.disk().mkdir(path.Dir(at), 0o700, c.shell.user, true); err != nil {
		return err
	}
	return c.disk().put(at, []byte(server), 0o600, c.shell.user)
}

func putCluster(m *machine, served *rehearsal.Served, server, address string) error {
	of, _, err := rehearsal.GetMachine(served, m.id)
	if err != nil {
		return err
	}
	served.ID, served.Deployment = server, of.Deployment
	if !slices.Contains(append(of.PublicIPs, of.PrivateIP), address) {
		return rehearsal.Refuse(400, "AddressNotHere", "%s is not an address of this machine", address)
	}
	if _, ok, err := rehearsal.FindCluster(served, server); err != nil || ok {
		return err
	}
	served.Effective = true
	now := m.world.Now()
	cluster := rehearsal.NewCluster(server, "minikube", m.id, now, now)
	cluster.Deployment = of.Deployment
	return rehearsal.PutCluster(served, cluster)
}

func minikubeDelete(c *command) int {
	server, err := c.disk().read(c.clusterFile())
	if err != nil {
		return 0 // nothing to delete
	}
	if code := c.lasts(deleteTakes); code != 0 {
		return code
	}
	err = c.disk().remove(c.clusterFile(), false)
	if err == nil {
		err = c.disk().effect(c.shell.program.ctx, "minikube delete", func(served *rehearsal.Served) error {
			cluster, ok, err := rehearsal.FindCluster(served, string(server))
			if err != nil || !ok {
				return err
			}
			served.ID, served.Deployment, served.Effective = cluster.Server, cluster.Deployment, true
			return rehearsal.DeleteCluster(served, cluster.Server)
		})
	}
	return c.effectCode(err)
}

// effectCode turns the end of an effect into an exit code.
func (c *command) effectCode(err error) int {
	if err == nil {
		return 0
	}
	if refusal, ok := errors.AsType[*rehearsal.Refusal](err); ok {
		return c.fail(80, "Exiting due to %s: %s", refusal.Code, refusal.Message)
	}
	return c.fail(80, "%v", err)
}

// kubectl knows waiting for nodes and the two views of its configuration.
func kubectl(c *command) int {
	set, words := flags(c.args, "-o", "--output", "-n", "--namespace", "-f", "--filename")
	line := strings.Join(words, " ")
	if strings.HasPrefix(line, "version") {
		return 0
	}
	server, err := c.disk().read(c.clusterFile())
	if err != nil {
		return c.fail(1, "The connection to the server localhost:8080 was refused - did you specify the right host or port?")
	}
	cluster, ok, err := c.cluster(string(server))
	if err != nil || !ok {
		return c.fail(1, "The connection to the server %s was refused", insideServer)
	}
	switch {
	case strings.HasPrefix(line, "config view"):
		return c.configView(cluster, set["-o"]+set["--output"])
	case strings.HasPrefix(line, "wait"), strings.HasPrefix(line, "cluster-info"):
		return 0
	case strings.HasPrefix(line, "get node"):
		c.print("NAME       STATUS   ROLES           AGE   VERSION\nminikube   Ready    control-plane   1m    v1.37.0\n")
		return 0
	default:
		return c.assume()
	}
}

func (c *command) cluster(server string) (cluster rehearsal.Cluster, ok bool, err error) {
	err = c.machine().world.State.View(c.shell.program.ctx, func(tx rehearsal.Tx) error {
		cluster, ok, err = rehearsal.FindCluster(tx, server)
		return err
	})
	return cluster, ok, err
}

func (c *command) configView(cluster rehearsal.Cluster, format string) int {
	config, err := cluster.Kubeconfig()
	if err != nil {
		return c.fail(1, "%v", err)
	}
	if strings.HasPrefix(format, "jsonpath=") {
		if format != "jsonpath={.clusters[0].cluster.server}" {
			return c.fail(1, "a rehearsal knows only the path {.clusters[0].cluster.server}")
		}
		c.print(insideServer)
		return 0
	}
	if entry, ok := orchestrator.Lookup(orchestrator.Value(config), "clusters", 0, "cluster"); ok {
		if inner, ok := entry.(map[string]orchestrator.Value); ok {
			inner["server"] = insideServer
		}
	}
	// YAML, which kubectl prints unless asked, has JSON as a part of it.
	out, err := json.MarshalIndent(config, "", "    ")
	if err != nil {
		return c.fail(1, "%v", err)
	}
	c.print(string(out) + "\n")
	return 0
}
