//go:build !windows

package oneshot

import (
	"io/fs"
	"os"
	"syscall"
)

// openFlags follow no link and do not block on a FIFO.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// tempVariables name the system's folder for temporary files.
var tempVariables = []string{"TMPDIR"}

// isOurs reports whether a file belongs to the user of this process.
func isOurs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// Private makes the files that this process and its children make from now on
// readable by their user alone, whatever the umask is. The SDK asks for more.
func Private() { syscall.Umask(0o077) }
