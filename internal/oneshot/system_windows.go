package oneshot

import "io/fs"

// asItIs is nothing: making a link takes the rights of an administrator here.
const asItIs = 0

// tempVariables name the system's folder for temporary files.
var tempVariables = []string{"TMP", "TEMP"}

// isOurs reports whether a file is of the user of this process, as far as that can be
// seen: what others may not touch, the system protects.
func isOurs(fs.FileInfo) bool { return true }

// Private does nothing: a file has the rights of its folder here.
func Private() {}
