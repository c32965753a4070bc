package main

import (
	"context"
	"fmt"

	"dagger.io/dagger"
)

// testbed is the path of the repository in SWE-bench's images.
const testbed = "/testbed"

// installScript runs in the environment's shell. It is one command, because apt-get install needs
// the package lists of apt-get update, and their cache may be emptied at any time.
const installScript = `
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o Dpkg::Options::=--force-unsafe-io \
    ca-certificates git python3-minimal
`

// environment is layer 2: what a group of instances shares. Environments share the layer of tools,
// and each has its own layer.
type environment struct {
	number int
	// pythons adds Pythons where SWE-bench's images have them. There is one such environment,
	// without a number.
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

// aptCaches keeps apt's downloads out of the image, and for the next environment.
func aptCaches(client *dagger.Client) dagger.WithContainerFunc {
	locked := dagger.ContainerWithMountedCacheOpts{Sharing: dagger.CacheSharingModeLocked}
	return func(ctr *dagger.Container) *dagger.Container {
		return ctr.
			WithMountedCache("/var/cache/apt", client.CacheVolume("eval-images-samples-apt"), locked).
			WithMountedCache("/var/lib/apt/lists", client.CacheVolume("eval-images-samples-apt-lists"), locked)
	}
}
