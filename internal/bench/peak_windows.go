package main

import "os"

// peak returns 0: Windows does not report it for a process that has ended.
func peak(*os.ProcessState) int64 { return 0 }
