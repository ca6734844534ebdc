package main

import "os"

// peak is not known of a process that has ended.
func peak(*os.ProcessState) int64 { return 0 }
