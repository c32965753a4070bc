// Package crash kills an engine of its own in the middle of a run, and fills its disk and the
// registry's. It has nothing but tests, with the build tag crash, as they take long and need root:
// `make crash-test`.
package crash
