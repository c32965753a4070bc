// Package dial connects to a server that the user named, and to the servers that this one refers
// its clients to: by a redirect, a Location or a token server. Those must not be nearer than the
// server itself, or anybody who runs a registry could have this machine send requests into its own
// network.
package dial
