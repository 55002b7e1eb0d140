// Package machine is the far end of SSH in a rehearsal: for each machine of the
// world an SSH server whose shell really runs the scripts that it is given, over
// files kept in the world, with commands from a table. It knows what Ubuntu's
// commands print and change as far as the table goes; a command that the table
// lacks succeeds, is counted, and the script's last line on stderr says so. It
// never opens a socket, a file or a process of the server that hosts it.
//
// # What lasts
//
// A machine's files live in the world's State. A server works on a copy (disk)
// and commits it at the end of each program, before each effect outside of the
// machine, before each ctx request and before what a program prints leaves the
// machine, together with the file locks that its programs hold. When a server
// dies, its programs die with it as in a reboot: the files stay as committed, the
// locks stop beating and are free soon after; a server that is closed gives them
// up. A server that was only paused finds its locks gone at its next commit; then
// the commit fails and the programs that held them are killed.
package machine
