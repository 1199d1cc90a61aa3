// Package source is the capability to read files, trees and wildcards of source hosts.
//
// Owns: its scope (types of integration, hosts, the API), what an operation costs, trees as tar archives.
// Does not own: credentials, limits and hosts (internal/source), the catalog's own reads.
// Flow: guest → Gate → scope along the path → Reader for this plugin → handle.
package source
