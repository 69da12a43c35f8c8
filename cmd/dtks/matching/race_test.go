//go:build race

package matching_test

// many is how many records the order of arrival is tried on. The race detector makes them ten times as slow: it gets
// fewer, and dtks test runs the full number once more without it.
const many = 15_000
