// Package e2e holds the tests of what is shipped. The real baton-descope syncs and
// provisions the local Descope over HTTP, and the real baton reader reads back what it
// stored. What one type does with one reply is tested beside that type; here are whole
// runs, as a user makes them, and the commands that the documents show. Documents,
// manifests and the image are held to the code that they name.
package e2e
