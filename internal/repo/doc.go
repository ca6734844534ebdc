// Package repo holds the tests of what is in the repository beside code: that the
// links in its documents lead somewhere, that what they and the workflows name
// is there, and that the workflows have no more rights than they need.
package repo
