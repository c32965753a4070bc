// Package e2e tests the module as its users meet it: through `dagger call` on a real engine, with a
// real registry and sample official images, and it looks at the registry rather than at the
// module's own records. `make test` starts what it needs; without that it fails and says so.
package e2e
