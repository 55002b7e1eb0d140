// Package database opens SQLite files and PostgreSQL databases the way that
// Slipway uses them: on SQLite one writing connection beside a pool of reading
// ones, on PostgreSQL serializable transactions that are run again when they
// collided. It knows the drivers, their error codes and how schemas are
// migrated; it knows no table of ours.
package database
