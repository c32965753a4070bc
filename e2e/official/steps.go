package official

import (
	"archive/tar"
	"fmt"
	"strings"
)

// step is one line of a Dockerfile.
type step struct {
	// command as the image's history has it.
	command string
	// common is what tells the step from others, if several images have its layer. Empty: one image
	// has it.
	common string
	// entries of its layer. Nil: the step makes none.
	entries []entry
	// repository says that the step makes the instance's repository.
	repository bool
	// damage, unless nil, makes of a layer what the registry has instead.
	damage func(stored []byte) []byte
}

// classic are the steps of three Dockerfiles: of the system, of an environment, of an instance.
func (s *Set) classic(instance int) []step {
	environment := s.environment(instance)
	of := fmt.Sprintf("environment-%d", environment)
	return []step{
		{
			command: "/bin/sh -c wget 'https://repo.anaconda.com/miniconda/Miniconda3-py311_23.11.0-2-Linux-x86_64.sh' -O miniconda.sh" +
				"     && bash miniconda.sh -b -p /opt/miniconda3",
			common: "conda", entries: conda(),
		},
		{command: "/bin/sh -c #(nop)  ENV PATH=/opt/miniconda3/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		{command: "/bin/sh -c conda init --all", common: "init", entries: bashrc("# >>> conda initialize >>>\n")},

		{command: "/bin/sh -c #(nop) COPY file:" + of + " in /root/ ", common: of + "/copy", entries: script("setup_env.sh", 0o644, of)},
		{command: `/bin/sh -c sed -i -e 's/\r$//' /root/setup_env.sh`, common: of + "/sed", entries: script("setup_env.sh", 0o644, of+"\n")},
		{command: "/bin/sh -c chmod +x /root/setup_env.sh", common: of + "/chmod", entries: script("setup_env.sh", 0o755, of+"\n")},
		{
			command: `/bin/sh -c /bin/bash -c "source ~/.bashrc && /root/setup_env.sh"`, common: of,
			entries: s.environmentEntries(of),
		},
		{command: "/bin/sh -c #(nop) WORKDIR /testbed/", common: "testbed", entries: []entry{directory("testbed/", 0o755)}},
		{
			command: `/bin/sh -c echo "source /opt/miniconda3/etc/profile.d/conda.sh && conda activate testbed" > /root/.bashrc`,
			common:  "bashrc", entries: bashrc("conda activate testbed\n"),
		},

		{command: "/bin/sh -c #(nop) COPY file:" + taskOf(instance) + " in /root/ ", entries: script("setup_repo.sh", 0o644, taskOf(instance))},
		{command: `/bin/sh -c sed -i -e 's/\r$//' /root/setup_repo.sh`, entries: script("setup_repo.sh", 0o644, taskOf(instance)+"\n")},
		{command: "/bin/sh -c /bin/bash /root/setup_repo.sh", repository: true, entries: s.repositoryEntries(taskOf(instance))},
		{command: "/bin/sh -c #(nop) WORKDIR /testbed/", common: "empty", entries: []entry{}},
	}
}

// flat are the steps of one Dockerfile, with their scripts in it.
func (s *Set) flat(instance int) []step {
	of := fmt.Sprintf("environment-%d", s.environment(instance))
	return []step{
		{command: "ENV TZ=Etc/UTC"},
		{
			command: heredoc("CONDA", "wget -q https://repo.anaconda.com/miniconda.sh", "bash miniconda.sh -b -p /opt/miniconda3", "conda init --all"),
			common:  "flat-conda", entries: append(conda(), bashrc("# >>> conda initialize >>>\n")...),
		},
		{command: "ENV PATH=/opt/miniconda3/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		{command: "WORKDIR /testbed", common: "testbed", entries: []entry{directory("testbed/", 0o755)}},
		{
			command: heredoc("ENVIRONMENT", "source /opt/miniconda3/bin/activate", "conda create -n testbed python=3.9 -y", "# "+of),
			common:  "flat-" + of, entries: s.environmentEntries(of),
		},
		{
			command:    heredoc("REPOSITORY", "git clone -o origin https://github.com/"+taskOf(instance)+" /testbed", "python -m pip install -e ."),
			repository: true, entries: s.repositoryEntries(taskOf(instance)),
		},
		{command: "WORKDIR /testbed", common: "empty", entries: []entry{}},
	}
}

// heredoc is a script in a Dockerfile, as BuildKit writes it into the history.
func heredoc(mark string, lines ...string) string {
	return fmt.Sprintf("RUN /bin/sh -c bash <<'%[1]s'\nset -euxo pipefail\n%[2]s\n%[1]s # buildkit", mark, strings.Join(lines, "\n"))
}

// taskOf is what an instance's own content depends on.
func taskOf(instance int) string { return fmt.Sprintf("task-%d", instance) }

// conda is what its installer leaves, and the installer.
func conda() []entry {
	return []entry{
		file("miniconda.sh", 0o644, "# the installer\n"),
		directory("opt/", 0o755), directory("opt/miniconda3/", 0o755),
		directory("opt/miniconda3/bin/", 0o755),
		file("opt/miniconda3/bin/conda", 0o755, python),
		file("opt/miniconda3/bin/python3.11", 0o755, python), symlink("opt/miniconda3/bin/python", "python3.11"),
		directory("opt/miniconda3/envs/", 0o755), file("opt/miniconda3/envs/.conda_envs_dir_test", 0o644, ""),
		directory("opt/miniconda3/pkgs/", 0o755), file("opt/miniconda3/pkgs/urls", 0o644, "https://repo.anaconda.com/pkgs/main\n"),
		directory("tmp/", 0o1777),
	}
}

// python is what goes by that name here: it succeeds in whatever it is told to do.
const python = "#!/bin/sh\nexit 0\n"

// bashrc has one line.
func bashrc(line string) []entry {
	return []entry{directory("root/", 0o700), file("root/.bashrc", 0o644, line)}
}

// script is a script in /root.
func script(name string, mode int64, text string) []entry {
	return []entry{directory("root/", 0o700), file("root/"+name, mode, "#!/bin/bash\n# "+text)}
}

// environmentEntries are what setup_env.sh leaves: an environment of conda's, whose files are hard
// links to its packages, and caches.
func (s *Set) environmentEntries(of string) []entry {
	const env, pkgs = "opt/miniconda3/envs/testbed/", "opt/miniconda3/pkgs/"
	const site = "lib/python3.9/site-packages/"
	all := []entry{
		directory("opt/", 0o755), directory("opt/miniconda3/", 0o755), directory("opt/miniconda3/envs/", 0o755), directory(env, 0o755),
		directory(env+"bin/", 0o755), file(env+"bin/python3.9", 0o755, python), symlink(env+"bin/python", "python3.9"),
		directory(env+"conda-meta/", 0o755), file(env+"conda-meta/history", 0o644, "# "+of+"\n"),
		directory(env+"lib/", 0o755), s.large(env+"lib/libpython3.9.so.1.0", of, s.Environment.Bytes),
		directory(env+"lib/python3.9/", 0o755), directory(env+site, 0o755),
	}
	var linked []entry
	for number := range s.Environment.Files {
		path := fmt.Sprintf("package_%03d/module_%02d.py", number/perPackage, number%perPackage)
		if number%perPackage == 0 {
			name := fmt.Sprintf("package_%03d/", number/perPackage)
			all = append(all, directory(env+site+name, 0o755))
			linked = append(linked, directory(pkgs+name, 0o755))
		}
		all = append(all, file(env+site+path, 0o644, fmt.Sprintf("%s, %s, %d\n", path, of, s.Seed)))
		linked = append(linked, hardLink(pkgs+path, env+site+path))
	}
	all = append(append(all, directory(pkgs, 0o755)), linked...)
	return append(all,
		directory("root/", 0o700),
		directory("root/.cache/", 0o755), directory("root/.cache/pip/", 0o755), file("root/.cache/pip/selfcheck.json", 0o600, of+"\n"),
		directory("root/.conda/", 0o755), file("root/.conda/environments.txt", 0o644, "/"+strings.TrimSuffix(env, "/")+"\n"),
		directory("tmp/", 0o1777),
	)
}

// perPackage is the number of files in a directory.
const perPackage = 25

// repositoryEntries are what setup_repo.sh leaves: a repository with its history, which it makes
// everybody's, and the package in the environment that leads to it.
func (s *Set) repositoryEntries(of string) []entry {
	const site = "opt/miniconda3/envs/testbed/lib/python3.9/site-packages/"
	all := []entry{
		directory("opt/", 0o755), directory("opt/miniconda3/", 0o755), directory("opt/miniconda3/envs/", 0o755),
		directory("opt/miniconda3/envs/testbed/", 0o755), directory("opt/miniconda3/envs/testbed/lib/", 0o755),
		directory("opt/miniconda3/envs/testbed/lib/python3.9/", 0o755), directory(site, 0o755),
		file(site+"__editable__.project.pth", 0o644, "/testbed\n# "+of+"\n"),
		directory("root/", 0o700), directory("root/.cache/", 0o755), directory("root/.cache/pip/", 0o755),
		file("root/.cache/pip/selfcheck.json", 0o600, of+"\n"),
		directory("testbed/", 0o777), directory("testbed/.git/", 0o777), file("testbed/.git/HEAD", 0o777, "ref: refs/heads/main\n"),
		directory("testbed/.git/objects/", 0o777), directory("testbed/.git/objects/pack/", 0o777),
		s.large("testbed/.git/objects/pack/pack-1.pack", of, s.Repository.Bytes),
		symlink("testbed/current", "package_000"),
	}
	for number := range s.Repository.Files {
		if number%perPackage == 0 {
			all = append(all, directory(fmt.Sprintf("testbed/package_%03d/", number/perPackage), 0o777))
		}
		path := fmt.Sprintf("testbed/package_%03d/module_%02d.py", number/perPackage, number%perPackage)
		all = append(all, file(path, 0o777, fmt.Sprintf("# %s of %s, %d\n", path, of, s.Seed)))
	}
	// It tells git who commits, since SWE-bench 3.
	all = append(all, file("root/.gitconfig", 0o644, "[user]\n\temail = setup@swebench.config\n\tname = SWE-bench\n"))
	return append(all, directory("tmp/", 0o1777))
}

// large is a file of data that hardly compresses.
func (s *Set) large(path, of string, size int64) entry {
	e := file(path, 0o755, "")
	e.random, e.drawn = fmt.Sprintf("%d/%s/%s", s.Seed, of, path), size
	return e
}

func directory(path string, mode int64) entry {
	return entry{header: tar.Header{Typeflag: tar.TypeDir, Name: path, Mode: mode}}
}

func file(path string, mode int64, text string) entry {
	return entry{header: tar.Header{Typeflag: tar.TypeReg, Name: path, Mode: mode}, text: text}
}

func symlink(path, to string) entry {
	return entry{header: tar.Header{Typeflag: tar.TypeSymlink, Name: path, Linkname: to, Mode: 0o777}}
}

func hardLink(path, to string) entry {
	return entry{header: tar.Header{Typeflag: tar.TypeLink, Name: path, Linkname: to, Mode: 0o644}}
}
