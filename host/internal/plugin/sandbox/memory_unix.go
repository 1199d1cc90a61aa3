//go:build unix

package sandbox

import "syscall"

func reserve(size uint64) ([]byte, error) {
	if size == 0 {
		return []byte{}, nil
	}
	return syscall.Mmap(-1, 0, int(size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
}

func release(b []byte) {
	if len(b) > 0 {
		_ = syscall.Munmap(b)
	}
}
