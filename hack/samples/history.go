package main

import (
	"embed"
	"fmt"
	"hash/fnv"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// branch is checked out in the repositories. They have no remote, like SWE-bench's.
const branch = "main"

// projects holds for some repositories, and for all others together, the Python modules that theirs
// have.
//
//go:embed projects
var projects embed.FS

// commit is one commit of a repository: its message, and the files that it adds or changes, by
// path.
type commit struct {
	message string
	when    time.Time
	files   map[string]string
}

// history generates the commits of an instance's repository, the same at every call. Their dates,
// and the version in the last one, depend on the instance's id, so that no two instances share a
// commit.
func history(in instance) ([]commit, error) {
	pkg := packageName(in.short)
	modules, tests, err := projectFiles(in.repo, pkg)
	if err != nil {
		return nil, err
	}
	days := int(idHash(in.id) % 2000)
	start := time.Date(2015, time.January, 5, 9, 30, 0, 0, time.UTC).AddDate(0, 0, days)
	return []commit{
		{message: "Start " + pkg, when: start, files: map[string]string{
			"README.rst":         pkg + "\n" + strings.Repeat("=", len(pkg)) + "\n",
			"pyproject.toml":     fmt.Sprintf("[project]\nname = %q\ndynamic = [\"version\"]\n", pkg),
			pkg + "/__init__.py": "",
		}},
		{message: "Add the modules", when: start.AddDate(0, 0, 3), files: modules},
		{message: "Test the modules", when: start.AddDate(0, 0, 4), files: tests},
		{message: "Set the version for " + in.short, when: start.AddDate(0, 0, 10), files: map[string]string{
			pkg + "/__init__.py": fmt.Sprintf("__version__ = \"%d.%d\"\n", 1+days/500, days%500),
		}},
	}, nil
}

// projectFiles returns the modules of a repository's package, and its tests.
func projectFiles(repo, pkg string) (modules, tests map[string]string, err error) {
	dir := path.Join("projects", repo)
	entries, err := fs.ReadDir(projects, dir)
	if err != nil {
		dir = path.Join("projects", "other")
		if entries, err = fs.ReadDir(projects, dir); err != nil {
			return nil, nil, err
		}
	}
	modules, tests = map[string]string{}, map[string]string{"tests/__init__.py": ""}
	for _, entry := range entries {
		data, err := fs.ReadFile(projects, path.Join(dir, entry.Name()))
		if err != nil {
			return nil, nil, err
		}
		text := strings.ReplaceAll(string(data), "from project.", "from "+pkg+".")
		if strings.HasPrefix(entry.Name(), "test_") {
			tests["tests/"+entry.Name()] = text
		} else {
			modules[pkg+"/"+entry.Name()] = text
		}
	}
	return modules, tests, nil
}

var (
	trailingNumber = regexp.MustCompile(`-\d+$`)
	notInPackage   = regexp.MustCompile(`[^a-z0-9_]+`)
)

// packageName returns the name for Python's import: scikit_learn for scikit-learn-10297.
func packageName(short string) string {
	return notInPackage.ReplaceAllString(trailingNumber.ReplaceAllString(short, ""), "_")
}

// fastImport writes the commits as a stream for git fast-import(1), which takes one command for any
// number of commits, and includes dates and authors.
func fastImport(commits []commit) string {
	var stream strings.Builder
	for _, c := range commits {
		who := fmt.Sprintf("Sample Maintainer <maintainer@example.org> %d +0000", c.when.Unix())
		fmt.Fprintf(&stream, "commit refs/heads/%s\nauthor %s\ncommitter %s\n", branch, who, who)
		fmt.Fprintf(&stream, "data %d\n%s\n", len(c.message), c.message)
		for _, file := range slices.Sorted(maps.Keys(c.files)) {
			fmt.Fprintf(&stream, "M 100644 inline %s\ndata %d\n%s\n", file, len(c.files[file]), c.files[file])
		}
	}
	return stream.String()
}

func idHash(id string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(id)) // a hash never fails to write
	return h.Sum32()
}
