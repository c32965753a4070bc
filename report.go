package main

import (
	"fmt"
	"os"

	"dagger/eval-images/redact"
)

// report writes a line for people to the terminal. Somebody else may have written a part of it.
func report(line string) { fmt.Fprintln(os.Stderr, redact.Text(line)) }
