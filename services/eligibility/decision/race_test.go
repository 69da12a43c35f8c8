//go:build race

package decision

// many is how many families the slow properties are tried on. The race detector makes them ten times as slow.
const many = 300
