// Package engine is all that knows the Dagger engine: it builds and pushes images there, asks
// registries through it, and tells what its errors mean and how full its disk is.
package engine
