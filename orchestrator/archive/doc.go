// Package archive unpacks what strangers send, safely, and packs again. It
// knows zip, tar, gzip and bzip2, and limits on size, count, ratio and depth.
// It refuses links, devices, paths that lead out of the archive, and to touch a
// disk: what it unpacks is a file system in memory.
package archive
