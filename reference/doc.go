// Package reference reads image references the way Docker does. Every package of the project that
// needs a part of a reference asks this one: two parsers that differ send a password, or a request,
// to another registry than the user meant.
//
// The grammar is that of https://pkg.go.dev/github.com/distribution/reference@v0.6.0, which Docker,
// BuildKit and the Dagger engine use. go-containerregistry has a rule of its own: there,
// localhost/me/image is at Docker Hub.
package reference
