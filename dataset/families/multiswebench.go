package families

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"dagger/eval-images/dataset/table"
	"dagger/eval-images/redact"
	"dagger/eval-images/reference"
)

// multiswebenchImage is one image a repository: `org` and `repo` are columns of
// their own in the published files, and `org/repo` in those prepared for
// inference.
func multiswebenchImage(_ string, row table.Row) (string, error) {
	org, repo, err := orgRepo(row)
	if err != nil {
		return "", err
	}
	return reference.Lower("docker.io/mswebench/" + org + "_m_" + repo + ":base"), nil
}

// orgRepo returns the two parts of a row's repository.
func orgRepo(row table.Row) (org, repo string, err error) {
	org, repo, both := strings.Cut(row.Repo, "/")
	if !both {
		org, repo = row.Org, row.Repo
	}
	if org == "" || repo == "" || strings.Contains(repo, "/") {
		err := fmt.Errorf("repo %s with org %s is not of the form org/repo", redact.Quote(row.Repo), redact.Quote(row.Org))
		return "", "", cmp.Or(notText(row, table.RepoColumn), notText(row, table.OrgColumn), err)
	}
	return org, repo, nil
}

// notText is the error that a column is not text, with the column's name.
func notText(row table.Row, column string) error {
	if err := row.NeedText(column); err != nil {
		return fmt.Errorf("column %q: %w", column, err)
	}
	return nil
}

// multiswebenchID is the column, or what the evaluator makes of the published files,
// which have only org, repo and number.
// https://github.com/OpenHands/benchmarks/blob/main/benchmarks/multiswebench/scripts/data/data_change.py
func multiswebenchID(row table.Row) (string, error) {
	if row.InstanceID != "" {
		return row.InstanceID, nil
	}
	if row.Number == "" {
		return "", cmp.Or(notText(row, table.NumberColumn),
			errors.New("the instance id is missing or empty, and there is no number to make it of"))
	}
	org, repo, err := orgRepo(row)
	if err != nil {
		return "", fmt.Errorf("making an id of org, repo and number: %w", err)
	}
	if strings.Trim(row.Number, "0123456789") != "" {
		return "", fmt.Errorf("making an id of org, repo and number: number %s has more than digits", redact.Quote(row.Number))
	}
	return org + "__" + repo + "-" + row.Number, nil
}

// multiswebenchRepo is the repository without its owner, of the columns or else of
// the id, `org__repo-number`.
func multiswebenchRepo(id string, row table.Row) (string, error) {
	if row.Repo != "" {
		_, repo, err := orgRepo(row)
		return repo, err
	}
	_, name, err := splitID(id)
	return numberAtEnd.ReplaceAllString(name, ""), err
}

// multiswebenchCustom keeps the tag, which tells `base` from the images of single
// pull requests.
func multiswebenchCustom(image string) string {
	segment := reference.Segment(image)
	if tag := reference.Tag(image); tag != "" {
		return segment + "-" + tag
	}
	return segment
}
