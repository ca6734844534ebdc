package cli

import "golang.org/x/sys/windows/svc"

// isService reports whether this process is a Windows service, which the SDK runs.
func isService() bool {
	service, err := svc.IsWindowsService()
	return err == nil && service
}
