// Package e2e holds the tests of the programs as they are shipped: the real
// baton-descope syncs and provisions the local Descope over HTTP, and the real
// baton reader reads back what it stored. What one type does with one reply is
// tested beside that type; here are whole runs, as a user makes them.
package e2e
