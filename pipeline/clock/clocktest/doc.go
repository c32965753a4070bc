// Package clocktest is a clock for tests, which need not wait.
package clocktest
