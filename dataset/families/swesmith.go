package families

import "dagger/eval-images/dataset/table"

// swesmithImage is the dataset's own column: one image a repository and commit,
// on which thousands of instances run.
func swesmithImage(_ string, row table.Row) (string, error) {
	return fullReference(row.ImageName), nil
}

// blankProblem drops the instances that nobody can be asked to solve.
func blankProblem(row table.Row) bool { return row.BlankProblem }
