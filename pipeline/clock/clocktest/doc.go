// Package clocktest provides a fake clock, so that tests need not wait.
package clocktest
