//go:build !windows

package main

import (
	"os"
	"runtime"
	"syscall"
)

// peak is the most memory that was resident in a process that has ended, in bytes.
func peak(p *os.ProcessState) int64 {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "linux":
		return usage.Maxrss * 1024
	default:
		return usage.Maxrss
	}
}
