package machine

// baseImage is what a fresh Ubuntu has, as far as scripts look at it.
func baseImage() map[string]*file {
	files := map[string]*file{}
	for _, dir := range []string{
		"/", "/bin", "/dev", "/etc", "/etc/apt", "/etc/apt/sources.list.d", "/etc/apt/keyrings", "/etc/default", "/etc/systemd", "/etc/systemd/system", "/etc/sudoers.d",
		"/home", "/home/ubuntu", "/lib", "/lib/systemd", "/lib/systemd/system", "/opt", "/proc", "/root", "/run", "/run/lock", "/run/systemd",
		"/run/systemd/units", "/srv", "/tmp", "/usr", "/usr/bin", "/usr/local", "/usr/local/bin", "/usr/local/lib", "/usr/share", "/usr/share/keyrings", "/var", "/var/lib", "/var/log", "/var/tmp",
	} {
		files[dir] = &file{Dir: true, Mode: 0o755, Owner: "root"}
	}
	files["/home/ubuntu"].Owner = "ubuntu"
	for name, text := range map[string]string{
		"/etc/passwd":     "root:x:0:0:root:/root:/bin/bash\nubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash\n",
		"/etc/group":      "root:x:0:\nsudo:x:27:ubuntu\nubuntu:x:1000:\n",
		"/etc/os-release": "NAME=\"Ubuntu\"\nID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\nPRETTY_NAME=\"Ubuntu 24.04 LTS\"\n",
	} {
		files[name] = &file{Mode: 0o644, Owner: "root", Data: []byte(text)}
	}
	return files
}
