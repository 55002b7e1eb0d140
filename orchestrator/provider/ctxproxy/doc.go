// Package ctxproxy answers the ctx program that scripts call: it serves a
// node's properties, its runtime properties, files of the blueprint, the log,
// and the three verdicts (returns, retry-operation, abort-operation) over HTTP
// to whoever holds the operation's token. It knows the verbs and what each may
// do; it does not know how a script is run or over which wire the requests
// come, so that scripts over SSH and scripts on the server share it.
//
// # Protocol
//
// POST with "Authorization: Bearer <token>" and one of two bodies:
//
//   - JSON {"args": ["instance", "id"]}, answered by {"type": …, "payload": …};
//     type is result, error or stop_operation.
//   - text/plain, one base64 argument a line, for clients without a JSON
//     library. The answer is the text to print: 200 for a result, 409 when the
//     operation is to stop, another status for an error. An argument that
//     starts with "@" is JSON.
//
// A changed runtime property is durable before its request is answered. Status
// 503 means that it could not be made durable; every request may be repeated.
package ctxproxy
