package pgdev

import "syscall"

// attributes gives the server its own process group, so that a terminal's Ctrl-C does not stop it before its clients,
// and lets it stop (fast: SIGINT) when this process is killed.
func attributes(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT, Credential: as}
}
