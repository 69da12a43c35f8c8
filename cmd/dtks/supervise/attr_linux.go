package supervise

import "syscall"

// attributes gives a child its own process group and lets it die with its supervisor, by the signal that also asks it to stop.
func attributes(cred *syscall.Credential, death syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: death, Credential: cred}
}
