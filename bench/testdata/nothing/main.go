// A module that does nothing: to call it costs what the dagger command and the engine cost.
package main

import "dagger/nothing/internal/dagger"

type Nothing struct{}

// Like the measured module it has a constructor, which is a function to call.
func New() *Nothing { return &Nothing{} }

func (*Nothing) Directory() *dagger.Directory { return dag.Directory() }
