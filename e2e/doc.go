// Package e2e follows families through the real programs on real PostgreSQL, JetStream and HTTP, and breaks things on
// the way. It builds every program with named failpoints, starts them with `dtks up`, speaks to them as users do, and
// lets `dtks check` judge after every fault.
package e2e
