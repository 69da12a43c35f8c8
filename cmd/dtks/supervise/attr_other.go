//go:build !linux

package supervise

import "syscall"

// attributes gives a child its own process group. There is no parent-death signal here: the next `dtks up` clears leftovers.
func attributes(cred *syscall.Credential, _ syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: cred}
}
