package machine

import "strings"

// installed lists the commands of the table that a fresh machine lacks, until
// something has put a file of that name on the PATH.
var installed = map[string]bool{
	"docker": true, "psql": true, "pg_isready": true, "minikube": true, "kubectl": true, "mc": true, "minio": true,
}

// commands is the table: what a command prints, changes and answers.
func commands() map[string]func(*command) int {
	return map[string]func(*command) int{
		// Text and files.
		"cat": cat, "head": head, "tail": tail, "wc": wc, "tr": tr, "grep": grep, "sed": sed, "tee": tee, "base64": base64Command,
		"sort": sortCommand, "basename": basename, "dirname": dirname, "seq": seq, "sha256sum": sha256sum, "cut": cut,
		"mkdir": mkdir, "rm": rm, "rmdir": rm, "mv": mv, "cp": cp, "touch": touch, "ls": ls, "chmod": chmod, "chown": chown, "chgrp": succeed,
		"mktemp": mktemp, "install": install, "ln": cp, "readlink": readlink, "realpath": readlink,
		// The shell's surroundings.
		"sh": sh, "bash": sh, "dash": sh, "env": env, "sudo": sudo, "su": su, "runuser": runuser, "nohup": nohup, "setsid": setsid,
		"flock": flock, "timeout": timeout, "which": which, "sleep": sleep, "date": date, "id": id, "whoami": whoami, "hostname": hostname,
		"uname": uname, "umask": umask, "kill": unknown, "ulimit": succeed, "disown": succeed, "jobs": succeed, "hash": succeed, "type": which,
		"sync": succeed, "true": succeed, "openssl": openssl, "ctx": ctxClient,
		// Users, packages, services.
		"useradd": useradd, "adduser": useradd, "usermod": usermod, "groupadd": groupadd, "getent": getent, "chpasswd": succeed,
		"apt-get": aptGet, "apt": aptGet, "dpkg": unknown, "cloud-init": succeed, "systemctl": systemctl,
		// Programs.
		"curl": curl, "docker": docker, "minikube": minikube, "kubectl": kubectl,
		"psql": psql, "pg_isready": pgIsReady, "mc": mc, "minio": unknown,
	}
}

// succeed is for what changes nothing that a rehearsal could show.
func succeed(*command) int { return 0 }

// unknown is for what is there and does something that a rehearsal cannot.
func unknown(c *command) int { return c.assume() }

// flags splits arguments into switches and the rest. taking lists the switches
// that take a value; "--x=v" is always one with a value.
func flags(args []string, taking ...string) (set map[string]string, rest []string) {
	set = map[string]string{}
	takes := map[string]bool{}
	for _, name := range taking {
		takes[name] = true
	}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			return set, append(rest, args[i+1:]...)
		case arg == "-" || !strings.HasPrefix(arg, "-"):
			rest = append(rest, arg)
		case takes[arg] && i+1 < len(args):
			i++
			set[arg] = args[i]
		case strings.HasPrefix(arg, "--"):
			name, value, _ := strings.Cut(arg, "=")
			set[name] = value
		default:
			i = shortFlags(set, takes, args, i)
		}
	}
	return set, rest
}

// shortFlags reads one word of one-letter switches: -xvf, -n5, -m 0600.
func shortFlags(set map[string]string, takes map[string]bool, args []string, i int) int {
	word := args[i]
	for at := 1; at < len(word); at++ {
		name := "-" + string(word[at])
		if !takes[name] {
			set[name] = ""
			continue
		}
		if at+1 < len(word) {
			set[name] = word[at+1:]
		} else if i+1 < len(args) {
			i++
			set[name] = args[i]
		}
		break
	}
	return i
}

func has(set map[string]string, names ...string) bool {
	for _, name := range names {
		if _, ok := set[name]; ok {
			return true
		}
	}
	return false
}
