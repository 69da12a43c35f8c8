// Package failpoint lets a test build (-tags failpoint) end a process, as by kill -9, at a named step.
//
// A test arms a step of one program by writing the number of the fatal hit into the file <program>@<step> in the folder
// that FAILPOINT_DIR names. Firing removes the file, so that the restarted program runs on.
package failpoint
