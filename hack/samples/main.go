// Command samples fills a registry with small images that are layered like SWE-bench's. With them the
// pipeline runs end to end without pulling the real ones, which take gigabytes each:
//
//	library/debian:bookworm                               the system, from a tarball
//	swebench/sweb.env.py.x86_64.{environment}:latest      + tools, one for all instances or one for a group of them; "pythons" has
//	                                                      Pythons as well, for the instances that are wrapped
//	swebench/sweb.eval.x86_64.{repo}_1776_{name}:latest   + the instance's git repository in /testbed
//
// The command skips existing images, so a run with nothing to do takes milliseconds and no engine.
//
//	go run ./hack/samples --registry 172.17.0.2:5000 --rootfs debian.tar
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"dagger/eval-images/dataset"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		log.Fatal("samples: ", err)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("samples", flag.ExitOnError)
	registry := flags.String("registry", "localhost:5000", "the registry's `host:port`, as this program reaches it")
	engineRegistry := flags.String("engine-registry", "localhost:5000", "the same registry's `host:port`, as the engine reaches it")
	rootfs := flags.String("rootfs", "", "`path` of a Debian root file system (.tar or .tar.gz); needed once")
	instances := flags.String("instances", sampleIDs(), "comma-separated instance `ids` to make an image for")
	environments := flags.Int("environments", 1, "`number` of environments to spread the instances over")
	jobs := flags.Int("jobs", 2, "`number` of images to make concurrently")
	verbose := flags.Bool("verbose", false, "show the engine's progress")
	_ = flags.Parse(args) // with ExitOnError it never returns an error

	plan, err := newPlan(strings.Split(*instances, ","), *environments)
	if err != nil {
		return err
	}
	s := &sampler{
		registry: *registry,
		rootfs:   *rootfs,
		jobs:     *jobs,
		engine:   engine{registry: *engineRegistry, verbose: *verbose},
		out:      log.New(os.Stdout, "", 0),
	}
	if err := s.fill(ctx, plan); err != nil {
		return fmt.Errorf("filling %s: %w", *registry, err)
	}
	return nil
}

// sampleIDs returns the instances that the module builds by default.
func sampleIDs() string {
	var ids []string
	for _, row := range dataset.Sample() {
		ids = append(ids, row.InstanceID)
	}
	return strings.Join(ids, ",")
}
