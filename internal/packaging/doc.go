// Package packaging holds the tests of what is shipped beside the programs: the page
// in ConductorOne's documentation, the container image, the manifests, the systemd
// unit and the settings of releases. They name flags, ports, files and API calls;
// the tests hold these to the code.
package packaging
