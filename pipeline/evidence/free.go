package evidence

import (
	"slices"
	"strings"
)

// system are the directories in the root that a distribution, this project or an agent's recipe
// uses. Everything in them is refused, unless freeIn has it.
// https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch03.html
var system = []string{
	"agent-server", "bin", "boot", "dev", "etc", "gnu", "home", "lib", "lib32", "lib64", "libx32", "lost+found", "media", "mnt",
	"nix", "opt", "proc", "root", "run", "sbin", "snap", "srv", "sys", "tmp", "usr", "var", "workspace",
}

// freeIn are the free places in those: directories, whose contents no recipe reads, and files. /tmp
// is none: a recipe that empties it would remove what only another image has there.
var (
	freeIn    = []string{"opt/miniconda3/envs", "opt/miniconda3/pkgs", "root/.cache", "root/.conda"}
	freeFiles = []string{"root/.bashrc", "root/setup_env.sh", "root/setup_repo.sh", gitConfig}
)

// gitConfig is free as long as it tells git who commits and nothing else. SWE-bench's setup_repo.sh
// writes that. A recipe may call git, but commits nothing.
const gitConfig = "root/.gitconfig"

// agentUser is whose home is the recipe's.
const agentUser = "openhands"

// place is the free place that a path is in, or empty if it is in none. A free place that is a
// directory includes the directory itself.
func place(at string) string {
	if slices.Contains(freeFiles, at) {
		return at
	}
	for _, dir := range freeIn {
		if within(at, dir) {
			return dir
		}
	}
	top, rest, below := strings.Cut(at, "/")
	if top == "home" && below {
		user, _, _ := strings.Cut(rest, "/")
		if user != agentUser && !strings.HasPrefix(user, ".") {
			return top + "/" + user
		}
		return ""
	}
	if strings.HasPrefix(top, ".") || slices.Contains(system, top) {
		return ""
	}
	return top
}

// isFile says whether a free place is a file.
func isFile(place string) bool { return slices.Contains(freeFiles, place) }
