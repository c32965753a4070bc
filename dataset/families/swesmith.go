package families

import "dagger/eval-images/dataset/table"

// swesmithImage returns the image that the dataset's own column names. Thousands of instances share
// the image of one repository at one commit.
func swesmithImage(_ string, row table.Row) (string, error) {
	return fullReference(row.ImageName), nil
}

// blankProblem drops instances without a problem to solve.
func blankProblem(row table.Row) bool { return row.BlankProblem }
