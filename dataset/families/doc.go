// Package families has the rules by which benchmarks name their instances and their
// official images. [All] lists the families; a [Template] of the user's replaces their
// rules for images.
//
// The rules read rows of package table. Package dataset applies them to whole datasets.
package families
