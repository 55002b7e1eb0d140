// Package compose follows an app to what it will really use: which component
// blueprint serves each of its nodes in the chosen cell, which secrets will be
// read on the way, which deployments' capabilities. From that it tells whether
// a deployment rehearses, and what the launch form shows as the cell changes.
// It is pure: blueprints, secrets and deployments come through Facts.
package compose
