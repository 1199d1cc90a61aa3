package testpg

import "syscall"

// processAttributes makes the server lead a process group, and end with a test
// binary that is killed.
func processAttributes(owner *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: owner, Setpgid: true, Pdeathsig: syscall.SIGINT}
}
