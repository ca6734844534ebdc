//go:build !windows

package bounded

import "syscall"

// nonBlocking makes opening a FIFO return at once.
const nonBlocking = syscall.O_NONBLOCK
