//go:build unix && !linux

package testpg

import "syscall"

// processAttributes makes the server lead a process group.
func processAttributes(owner *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: owner, Setpgid: true}
}
