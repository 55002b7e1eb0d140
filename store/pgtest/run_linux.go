package pgtest

import (
	"os/exec"
	"syscall"
)

// runAs lets a command run as the account, in the folder, and end at once
// should the test die before it can stop it.
func runAs(command *exec.Cmd, owner *account, folder string) {
	command.Dir = folder
	command.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if owner != nil {
		command.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(owner.uid), Gid: uint32(owner.gid)}
	}
}
