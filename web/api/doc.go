// Package api speaks Cloudify's REST contract under /api, well enough that the
// cfy client drives the whole journey, plus what is ours: the rehearsal clouds
// and the checking of blueprints. It knows paths, status codes, field names and
// paging; every decision is control's. It refuses to know cookies: a request
// names its token or its user, or it is nobody's.
//
// One file per noun holds its handlers, one its object as the contract shows
// it (…_object.go). routes.go is the whole surface with the role that each
// route needs; errors.go is the only place that turns errors into answers.
package api
