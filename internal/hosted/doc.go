// Package hosted holds the tests of the connector as ConductorOne hosts it: as an AWS
// Lambda function, built with the SDK's tag. They play ConductorOne and AWS on
// loopback, start the function, and sync through it.
//
// Building with the tag takes a minute where nothing is cached, so the tests have the
// tag themselves; make test-lambda runs them.
package hosted
