package report

// Variants of making agent images, by their names in flags and results.
const (
	Docker      = "docker"        // thin Dockerfile on the base image, docker build and push
	OnePass     = "one-pass"      // one Dockerfile for everything, docker build and push
	Engine      = "module/engine" // this module, pushed by the engine
	Direct      = "module/direct" // this module, composed in the registry
	LowerBound  = "lower-bound"   // least any client can do
	BasesLong   = "bases/long"    // base phase: the recipe runs for each image
	BasesShared = "bases/shared"  // base phase: the recipe runs once for each environment
	ColdLong    = "cold/long"     // cold run: the engine pulls each official image, and the recipe runs for it
	ColdShared  = "cold/shared"   // cold run: official images are mirrored, and the recipe runs once for each system
	NoOp        = "no-op"         // call of a module that does nothing
)

// Variants lists all variants in the order of the tables.
var Variants = []string{Docker, OnePass, Engine, Direct, LowerBound, BasesLong, BasesShared, ColdLong, ColdShared, NoOp}

// IsModule reports whether a variant makes agent images with this module.
func IsModule(variant string) bool { return variant == Engine || variant == Direct }

// IsBases reports whether a variant measures the base phase.
func IsBases(variant string) bool { return variant == BasesLong || variant == BasesShared }

// IsCold reports whether a variant measures the cold run.
func IsCold(variant string) bool { return variant == ColdLong || variant == ColdShared }

// Environments is the number of distinct environments among the official images of the base phase.
const Environments = 4
