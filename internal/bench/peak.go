//go:build !windows

package main

import (
	"os"
	"runtime"
	"syscall"
)

// peak returns the maximum resident memory of a process that has ended, in bytes.
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
