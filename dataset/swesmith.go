package dataset

import "strings"

// swesmithImage is the dataset's own column: one image a repository and commit,
// on which thousands of instances run.
func swesmithImage(_ string, row Row) (string, error) {
	const registry = "docker.io/"
	image := lower(strings.TrimSpace(row.ImageName))
	return registry + strings.TrimPrefix(image, registry), nil
}

// blankProblem drops the instances that nobody can be asked to solve.
func blankProblem(row Row) bool { return row.BlankProblem }
