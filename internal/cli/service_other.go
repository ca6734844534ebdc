//go:build !windows

package cli

func isService() bool { return false }
