// Package byhand is what the connector is measured against: the same rows, made by
// code that was written for this one API.
//
//   - [Memory] makes them of generated users, without any request. No connector on
//     the SDK can cost less: it is the floor.
//   - [Parallel] reads the API as fast as the connector does, six requests at once,
//     and keeps the grants in the session store.
//   - [Conventional] is what connectors are like that nobody has measured: one page
//     after the other, and a call for each tenant and role.
//
// None of them checks what the connector checks: that a list is whole, that a reply
// has what it must, that what is referred to exists. They are no connectors to use.
package byhand
