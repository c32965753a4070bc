package redact_test

import (
	"errors"
	"fmt"

	"dagger/eval-images/redact"
)

func ExampleText() {
	fmt.Println(redact.Text("GET https://me:hunter2@ghcr.io/v2/: \x1b[31mdenied\n::error::look here"))
	fmt.Println(redact.Text("the token is s3cr3t-value", "s3cr3t-value"))
	// Output:
	// GET https://***@ghcr.io/v2/: [31mdenied
	// : :error::look here
	// the token is ***
}

func ExampleError() {
	denied := errors.New("denied")
	err := redact.Error(fmt.Errorf("pushing to https://me:hunter2@ghcr.io: %w", denied))
	fmt.Println(err)
	fmt.Println(errors.Is(err, denied))
	// Output:
	// pushing to https://***@ghcr.io: denied
	// true
}

func ExampleQuote() {
	fmt.Println(redact.Quote("django__django-11099\u202e\n"))
	// Output: "django__django-11099\u202e\n"
}
