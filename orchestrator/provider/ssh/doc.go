// Package ssh runs a blueprint's scripts on machines: the operations
// fabric_plugin.tasks.run_script and run_commands of Cloudify's fabric plugin.
// It knows how to reach a machine, how to start a script there so that it
// outlives the connection and this process, and how to find it again; it does
// not know what scripts do, and what they may ask through ctx is package
// ctxproxy's business.
//
// # A run
//
// On the machine everything is below ~/.slipway, for the login user's eyes
// only. A step has one directory runs/<key>, the key made of execution and
// step; the newest attempt has one inside it:
//
//	lock      held while an attempt runs; free without an exit code means lost
//	socket    where ctx listens; token: what ctx must say
//	0/script  as in the blueprint
//	0/env     inputs as quoted shell assignments; removed when it has been read
//	0/begun   a directory: the attempt has begun; 0/pid says as which process
//	0/out 0/err 0/code 0/verdict
//
// The programs that keep this order are the files in remote/, POSIX sh fed to
// "sh -s" over the session's standard input, so that nothing of theirs shows in
// a process list. What to do with what they find is decided in decide.go.
package ssh
