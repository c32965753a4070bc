package reference_test

import (
	"fmt"

	"dagger/eval-images/reference"
)

func ExampleParse() {
	image, err := reference.Parse("ubuntu:24.04")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(image.Host(), image.Path(), image.Tag())
	fmt.Println(image.Normalized())

	_, err = reference.Parse("ghcr.io/Me/image")
	fmt.Println(err)
	// Output:
	// docker.io library/ubuntu 24.04
	// docker.io/library/ubuntu:24.04
	// it has capitals in its path, which must be lower-case
}
