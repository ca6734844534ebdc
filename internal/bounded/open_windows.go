package bounded

const nonBlocking = 0 // No path of a file becomes a pipe there.
