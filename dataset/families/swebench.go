package families

import (
	"strings"

	"dagger/eval-images/dataset/table"
	"dagger/eval-images/reference"
)

// swebenchImage returns the name that SWE-bench's harness gives, with `_1776_` for each
// `__` of the id, which Docker Hub does not allow.
// https://github.com/SWE-bench/SWE-bench/blob/main/swebench/harness/test_spec/test_spec.py
func swebenchImage(id string, _ table.Row) (string, error) {
	repo, name, err := splitID(id)
	if err != nil {
		return "", err
	}
	return reference.Lower("docker.io/swebench/sweb.eval.x86_64." + repo + "_1776_" + name + ":latest"), nil
}

// swegymImage returns a name without a tag, which means `latest`.
func swegymImage(id string, _ table.Row) (string, error) {
	return reference.Lower("docker.io/xingyaoww/sweb.eval.x86_64." + strings.ReplaceAll(id, "__", "_s_")), nil
}
