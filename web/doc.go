// Package web speaks HTTP for the product: it knows routes, forms, cookies and
// pages, and turns each request into one question or order to package control.
// It decides nothing that control decides, and never meets a store, an engine,
// a compiler or a provider.
//
// One file is one action: who asks, what was asked, ask control, where next. The
// table in routes.go names every route with the role that it needs at least.
package web
