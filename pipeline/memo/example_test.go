package memo_test

import (
	"context"
	"fmt"

	"dagger/eval-images/pipeline/memo"
)

func ExampleGroup_Do() {
	var builders memo.Group[string]
	for range 2 {
		digest, mine, err := builders.Do(context.Background(), "builder", func() (string, error) {
			fmt.Println("building")
			return "sha256:1234", nil
		})
		fmt.Println(digest, mine, err)
	}
	// Output:
	// building
	// sha256:1234 true <nil>
	// sha256:1234 false <nil>
}
