// Package failpoint lets a test build (-tags failpoint) end the process, as by kill -9, at a named step.
package failpoint
