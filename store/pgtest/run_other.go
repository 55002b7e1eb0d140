//go:build !linux

package pgtest

import "os/exec"

// runAs lets a command run in the folder, as whoever runs the tests; as root
// the server refuses and says so.
func runAs(command *exec.Cmd, _ *account, folder string) {
	command.Dir = folder
	command.Env = append(command.Environ(), "LC_ALL=C", "TZ=UTC")
}
