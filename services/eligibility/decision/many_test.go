//go:build !race

package decision

// many is how many families the slow properties are tried on.
const many = 2000
