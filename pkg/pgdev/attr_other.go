//go:build !linux

package pgdev

import "syscall"

// attributes gives the server its own process group, so that a terminal's Ctrl-C does not stop it before its clients.
// Nothing stops it when this process is killed; the next Start does.
func attributes(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: as}
}
