// Package supply has nothing but tests: they hold what this repository takes from elsewhere, and
// how, to what SECURITY.md says.
package supply
