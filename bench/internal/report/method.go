package report

import (
	"fmt"

	"eval-images/bench/internal/machine"
)

// method tells what the figures mean, and what favours which variant.
func (r *Results) method() []string {
	return []string{
		"docker: a thin Dockerfile on each base image, `docker build` with the classic builder and `docker push`, 12 images at a time. " +
			"Docker's store holds the builder, but no base image.",
		"one-pass: the sample SDK's whole Dockerfile for each image, `docker build --no-cache` and `docker push`, in the first round only. " +
			"Cache mounts are removed, because the classic builder does not know them. The " +
			"official images are Debian (69 MB) plus the base " +
			"size. A Docker that runs the local engine may hold that Debian already; then it does not pull it.",
		"module/engine and module/direct: `dagger call … assemble-all --publish` with that publisher. Assembly lasts from the start of " +
			"the first agent image to the end of the last one, by the manifest. The whole call " +
			"adds the CLI and the engine around it.",
		"lower-bound: the fewest requests that any client needs, 12 images at a time, without " +
			"checks, retries or records.",
		"docker, one-pass and lower-bound consist of assembly only.",
		"Before the measurement, the module is compiled, and builder, agent layer and base " +
			"images are published. Each base image has new " +
			"random data, which neither Docker nor the engine has seen, and on top the layer of " +
			"the module's recipe. To save disk space, the " +
			"images share one layer with all of that data but 1 MB (or a quarter, if that is less).",
		"docker pulls the shared layer and pushes the agent layer once in a run of few images. " +
			"With more images, each would bear less of " +
			"that; without shared layers, each would bear all of it.",
		"cold: the first run of each variant on these base images. warm: the module's second run " +
			"on them. Both publish to a new repository.",
		fmt.Sprintf("sizes: the same %d images of each base size several times, the sizes in "+
			"turns, so that drift of the machine hits all "+
			"sizes alike. The base images are new in the first turn; each run publishes to a new repository.", r.Most),
		"present: measured first, in turns with the no-op. Every call takes longer in an engine " +
			"with a full cache, as it has at the end.",
		"many: module/direct and lower-bound in turns, one run each per round, on base images " +
			"with smaller layers of their own. The memory " +
			"is the peak resident set (VmHWM) of the module's process.",
		"bases: `--share-bases trusted` (bases/shared) and `--share-bases never` (bases/long), with the direct publisher, one run each. The " +
			"time lasts from the start of the first base image to the end of the last one, by " +
			"the manifest; agent images are made meanwhile. " +
			"Official images are Debian, a layer for each environment and a layer for each " +
			"image. The time of Debian's mirror is included.",
		"cold/shared and cold/long: `--share-bases evidence` and `--share-bases never`, with the direct publisher, one run each, on " +
			"new official images that are layered as SWE-bench's (v4) on Debian: conda, an environment of 20 MB in 3,000 files, a " +
			"repository of 2 MB in 500. They are in a stand-in for Docker Hub, which counts, hands out tokens and sends layers over one " +
			"slow link. The engine has Debian before, which favours cold/long: it does not pull that, while cold/shared moves it. " +
			"cold/long makes fewer images, on as many fewer environments, and is compared per image: nothing that it does gets cheaper " +
			"with more images. The time lasts from the start of the first base image to the end of the last one. " +
			"The recipe's time is that of the base images that it ran for, with their publication. The memory is that of the module's process.",
		"no-op: `dagger call` of a module with a constructor and one function that do nothing. No module can take less for a whole call.",
		"Random data does not compress. The registry runs on the same machine, so the network costs nothing.",
		"Variants take turns: each round begins with another one. " + r.idleNote(),
		fmt.Sprintf("The benchmark took %.1f minutes. results.json has all samples.", r.Seconds/60),
	}
}

// idleNote tells how many of the samples had the machine to themselves.
func (r *Results) idleNote() string {
	busy := 0
	for _, s := range r.Samples {
		if s.Busy {
			busy++
		}
	}
	return fmt.Sprintf("Each run waits until the processors are %.0f %% idle for %d s in a row, for %.0f s at most: "+
		"%d of %d runs began on a busy machine.",
		100*machine.IdleShare, machine.IdleSeconds, machine.IdleLimit.Seconds(), busy, len(r.Samples))
}
