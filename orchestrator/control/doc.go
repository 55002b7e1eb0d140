// Package control is where a request is decided, reads as well as changes: who
// asks, may they, is it possible now, and then for a change one transaction
// that writes it together with its audit row. Pages, the REST API, schedules
// and the component provider all call it, so permission is checked once and in
// one place. It knows the store, the queue's insert side and the pure packages;
// it refuses to know HTTP, clouds, and how an execution runs.
//
// One file per request: upload_blueprint.go, create_deployment.go, …
package control
