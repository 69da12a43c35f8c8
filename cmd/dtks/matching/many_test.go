//go:build !race

package matching_test

// many is how many records the order of arrival is tried on.
const many = 100_000
