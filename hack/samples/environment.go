package main

import (
	"context"
	"fmt"

	"dagger.io/dagger"
)

// testbed is where SWE-bench's images have the repository.
const testbed = "/testbed"

// installScript is run by the environment's shell. One command, as what apt-get update leaves is
// needed by the next and is in a cache that may be emptied at any time.
const installScript = `
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o Dpkg::Options::=--force-unsafe-io \
    ca-certificates git python3-minimal
`

// environment is layer 2: what a group of instances has in common. Environments have the tools'
// layer in common too, and differ in a layer of their own.
type environment struct {
	number int
	// pythons says that it has Pythons where SWE-bench's images have them. It has no number then:
	// there is one such environment.
	pythons bool
}

func (e environment) name() string {
	if e.pythons {
		return "swebench/sweb.env.py.x86_64.pythons:latest"
	}
	return fmt.Sprintf("swebench/sweb.env.py.x86_64.%d:latest", e.number)
}

func (e environment) push(ctx context.Context, s *sampler) error {
	return s.engine.publish(ctx, e.container(&s.engine), e)
}

func (e environment) container(engine *engine) *dagger.Container {
	ctr := engine.from(system{}).
		With(aptCaches(engine.client)).
		WithExec([]string{"sh", "-euc", installScript}).
		WithoutMount("/var/cache/apt").
		WithoutMount("/var/lib/apt/lists")
	if e.pythons {
		ctr = ctr.With(withPythons(engine.client))
	}
	return ctr.
		WithNewFile("/environment", e.name()+"\n").
		WithEnvVariable("LANG", "C.UTF-8").
		WithWorkdir(testbed)
}

// aptCaches keeps apt's downloads out of the image and for the next environment.
func aptCaches(client *dagger.Client) dagger.WithContainerFunc {
	locked := dagger.ContainerWithMountedCacheOpts{Sharing: dagger.CacheSharingModeLocked}
	return func(ctr *dagger.Container) *dagger.Container {
		return ctr.
			WithMountedCache("/var/cache/apt", client.CacheVolume("eval-images-samples-apt"), locked).
			WithMountedCache("/var/lib/apt/lists", client.CacheVolume("eval-images-samples-apt-lists"), locked)
	}
}
