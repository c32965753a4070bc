package publish

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// IndependentSteps knows which steps of an official image's history certainly have nothing to do with a
// recipe: it neither reads nor writes what they made. Images that differ in such steps only, at
// their ends, can have the layers in common that the recipe adds.
//
// Certain is a step that copies files to, or makes, a directory that is none of the system's and
// that the recipe does not mention: what installs system packages has no business there. A step
// that runs a command may have written anywhere, so it never is. The recipe must not depend on
// files in its working directory other than by naming them.
//
// A history says what its author wrote: a layer may hold something else than its step says. So this
// is for official images that the user vouches for: see [ShareTrusted].
type IndependentSteps struct {
	recipe string
}

// NewIndependentSteps is about the recipe in this Dockerfile's text.
func NewIndependentSteps(dockerfile string) IndependentSteps {
	var code []string
	for _, line := range strings.Split(dockerfile, "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			code = append(code, line)
		}
	}
	return IndependentSteps{recipe: strings.Join(code, "\n")}
}

// systemDirectories are those that system packages and what installs them may use.
// https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch03.html
var systemDirectories = []string{
	"bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt", "opt", "proc", "root", "run", "sbin", "srv",
	"sys", "tmp", "usr", "var",
}

// Steps as BuildKit and as Docker's older builder write them.
var steps = []*regexp.Regexp{
	regexp.MustCompile(`^(?:COPY|ADD) .* (/[^ ]*) # buildkit$`),
	regexp.MustCompile(`^WORKDIR (/[^ ]*)$`),
	regexp.MustCompile(`^/bin/sh -c #\(nop\) +(?:COPY|ADD) [a-z]+:[0-9a-f]+ in (/[^ ]*) *$`),
	regexp.MustCompile(`^/bin/sh -c #\(nop\) +WORKDIR (/[^ ]*) *$`),
}

// Step tells whether a step, as an image's history has it in created_by, is certainly apart.
func (a IndependentSteps) Step(createdBy string) bool {
	for _, step := range steps {
		if match := step.FindStringSubmatch(createdBy); match != nil {
			return a.directory(match[1])
		}
	}
	return false
}

func (a IndependentSteps) directory(name string) bool {
	top, _, _ := strings.Cut(strings.TrimPrefix(path.Clean(name), "/"), "/")
	return top != "" && !slices.Contains(systemDirectories, top) && !strings.Contains(a.recipe, "/"+top)
}
