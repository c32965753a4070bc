// Package status tells from a registry's answer, or a token server's, what failed and what to do.
package status
