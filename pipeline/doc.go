// Package pipeline has no code of its own. Its packages plan, run and record the three phases that
// turn the official images of a benchmark into agent images, and know nothing of Dagger:
//
//	           SDK ──► builder ────────────┐  /agent-server
//	                                       ▼
//	official image ──► base image ──► agent image      for each instance
//	                   (+ packages)   (+ one thin layer)
//
// A plan names every image before anything is built, a run makes what the registry lacks, and the
// manifest says what became of each image, truthfully: one failed base costs one agent image and
// never the run.
package pipeline
