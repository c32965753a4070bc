package dataset

import (
	"fmt"
	"strings"
)

// multiswebenchImage is one image a repository: `org` and `repo` are columns of
// their own in the published files, and `org/repo` in those prepared for
// inference.
func multiswebenchImage(_ string, row Row) (string, error) {
	org, repo, both := strings.Cut(row.Repo, "/")
	if !both {
		org, repo = row.Org, row.Repo
	}
	if org == "" || repo == "" || strings.Contains(repo, "/") {
		return "", fmt.Errorf("repo %s with org %s is not of the form org/repo", Quote(row.Repo), Quote(row.Org))
	}
	return lower("docker.io/mswebench/" + org + "_m_" + repo + ":base"), nil
}

// multiswebenchCustom keeps the tag, which tells `base` from the images of single
// pull requests.
func multiswebenchCustom(image string) string {
	segment, tag := splitReference(image)
	if tag == "" {
		return segment
	}
	return segment + "-" + tag
}
