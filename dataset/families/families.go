package families

import "dagger/eval-images/dataset/table"

// All returns every family, in the order in which help texts list them. A further
// family needs one entry here and one table in families_test.go.
//
// The rules follow https://github.com/OpenHands/benchmarks, so that its evaluators find
// the images.
func All() []Family {
	return []Family{
		{
			Name:    "swebench",
			Dataset: "princeton-nlp/SWE-bench_Verified",
			Aliases: []string{
				"SWE-bench/SWE-bench_Verified",
				"princeton-nlp/SWE-bench", "SWE-bench/SWE-bench",
				"princeton-nlp/SWE-bench_Lite", "SWE-bench/SWE-bench_Lite",
			},
			Split: "test",
			image: swebenchImage,
		},
		{
			Name:    "swtbench",
			Dataset: "eth-sri/SWT-bench_Verified_bm25_27k_zsp",
			Split:   "test",
			image:   swebenchImage,
		},
		{
			Name:    "multimodal",
			Dataset: "princeton-nlp/SWE-bench_Multimodal",
			Aliases: []string{"SWE-bench/SWE-bench_Multimodal"},
			Split:   "dev",
			image:   swebenchImage,
		},
		{
			Name:    "multilingual",
			Dataset: "SWE-bench/SWE-bench_Multilingual",
			Split:   "test",
			image:   swebenchImage,
		},
		{
			Name:    "swegym",
			Dataset: "SWE-Gym/SWE-Gym",
			Aliases: []string{"SWE-Gym/SWE-Gym-Lite"},
			Split:   "train",
			image:   swegymImage,
		},
		{
			Name:        "swesmith",
			Dataset:     "SWE-bench/SWE-smith-py",
			Aliases:     []string{"SWE-bench/SWE-smith"},
			Split:       "train",
			Shared:      true,
			ImageColumn: table.ImageNameColumn,
			image:       swesmithImage,
			drop:        blankProblem,
		},
		{
			Name:        "pro",
			Dataset:     "ScaleAI/SWE-bench_Pro",
			Split:       "test",
			ImageColumn: table.DockerhubTagColumn,
			image:       proImage,
			custom:      proCustom,
		},
		{
			Name:        "multiswebench",
			Dataset:     "bytedance-research/Multi-SWE-Bench",
			Aliases:     []string{"ByteDance-Seed/Multi-SWE-bench"},
			Split:       "test",
			Shared:      true,
			ImageColumn: table.RepoColumn,
			id:          multiswebenchID,
			repo:        multiswebenchRepo,
			image:       multiswebenchImage,
			custom:      multiswebenchCustom,
		},
		{
			// OpenHands/benchmarks has no base phase for it and installs its packages while it
			// assembles. Here its images get a base like all others.
			Name:    "commit0",
			Dataset: "wentingzhao/commit0_combined",
			Split:   "test",
			id:      commit0ID,
			image:   commit0Image,
			custom:  commit0Custom,
		},
	}
}
