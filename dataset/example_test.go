package dataset_test

import (
	"fmt"

	"dagger/eval-images/dataset"
	"dagger/eval-images/dataset/families"
)

func ExampleResolve() {
	family, err := families.ByName("swebench")
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := dataset.Resolve(dataset.Sample(), dataset.Options{
		Family:    family,
		Selection: dataset.Selection{Shard: dataset.Shard{Index: 1, Of: 2}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(result.Instances), "of", result.Total)
	for _, instance := range result.Instances {
		fmt.Println(instance.ID, instance.OfficialImage)
	}
	// Output:
	// 2 of 3
	// astropy__astropy-12907 docker.io/swebench/sweb.eval.x86_64.astropy_1776_astropy-12907:latest
	// sympy__sympy-20590 docker.io/swebench/sweb.eval.x86_64.sympy_1776_sympy-20590:latest
}

func ExampleParseShard() {
	shard, err := dataset.ParseShard("2/8")
	fmt.Println(shard.Index, shard.Of, err)

	_, err = dataset.ParseShard("9/8")
	fmt.Println(err)
	// Output:
	// 2 8 <nil>
	// shard 9/8 does not exist: the index goes from 1 to 8
}
