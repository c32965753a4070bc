package evidence

import (
	"archive/tar"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// image is a stack on the system's layer.
func image(t *testing.T, own ...[]item) Stack {
	t.Helper()
	stack := Stack{Platform: "linux/amd64", Layers: []*Layer{layer(t, systemItems()...)}}
	for _, items := range own {
		stack.Layers = append(stack.Layers, layer(t, items...))
	}
	return stack
}

// Shared asks somebody who has seen no other image.
func (r Recipe) Shared(image Stack) (Shared, error) { return NewExaminer(r).Shared(image) }

// Judge asks somebody who has seen no other image whether layers that were added to the sibling may
// be put on the image.
func (r Recipe) Judge(image, sibling Stack, added []*Layer) error {
	approved, err := NewExaminer(r).Approve(sibling, added)
	if err != nil {
		return err
	}
	return approved.Judge(image)
}

func TestLayersThatAreAnImagesOwn(t *testing.T) {
	opt := []item{dir("opt"), dir("opt/miniconda3")}
	tests := map[string]struct {
		items []item
		why   string // empty: they are
	}{
		"a repository in the root":            {[]item{dir("testbed"), file("testbed/setup.py", "")}, ""},
		"an environment of conda":             {append(opt, dir("opt/miniconda3/envs"), dir("opt/miniconda3/envs/testbed"), file("opt/miniconda3/envs/testbed/x", "")), ""},
		"packages of conda, new as a whole":   {append(opt, dir("opt/miniconda3/pkgs"), file("opt/miniconda3/pkgs/x", "")), ""},
		"root's caches and scripts":           {[]item{dir("root").withMode(0o700), file("root/.bashrc", ""), dir("root/.cache"), file("root/.cache/x", ""), file("root/setup_env.sh", "")}, ""},
		"parents as they are":                 {[]item{dir("usr"), dir("usr/local"), dir("tmp").withMode(0o1777)}, ""},
		"hard links between free places":      {append(opt, dir("opt/miniconda3/envs"), file("opt/miniconda3/envs/a", ""), dir("opt/miniconda3/pkgs"), hardLink("opt/miniconda3/pkgs/a", "opt/miniconda3/envs/a")), ""},
		"links to anywhere from a free place": {[]item{dir("testbed"), link("testbed/x", "/usr/bin/sh")}, ""},
		"what is removed in a free place":     {[]item{dir("testbed"), whiteout("testbed/", "x"), opaque("testbed")}, ""},
		"unknown extensions in a free place":  {[]item{dir("testbed"), file("testbed/x", "").with("ACME.magic", "1")}, ""},
		"nothing at all":                      {nil, ""},
		"who commits, for git":                {gitConfigOf("[user]\n\temail = setup@swebench.config\n\tname = SWE-bench\n"), ""},

		"more than that for git":               {gitConfigOf("[user]\n\tname = x\n[url \"https://x/\"]\n\tinsteadOf = https://y/\n"), "root/.gitconfig may have more than who commits"},
		"git's configuration as a hard link":   {append(gitConfigOf("")[:1], dir("testbed"), file("testbed/a", ""), hardLink("root/.gitconfig", "testbed/a")), "root/.gitconfig may have more than who commits"},
		"git's configuration, with xattrs":     {append(gitConfigOf("")[:1], file("root/.gitconfig", "").with("SCHILY.xattr.trusted.overlay.redirect", "/testbed/x")), "root/.gitconfig may have more than who commits"},
		"git's configuration as a link":        {append(gitConfigOf("")[:1], link("root/.gitconfig", "/testbed/a")), "root/.gitconfig is no file"},
		"a file of the system":                 {[]item{dir("usr"), file("usr/x", "")}, "usr/x is outside the free places"},
		"a file in the root":                   {[]item{file("setup.sh", "")}, "setup.sh is no dir"},
		"a command of conda, which is on PATH": {append(opt, dir("opt/miniconda3/bin"), file("opt/miniconda3/bin/curl", "")), "opt/miniconda3/bin/curl is outside the free places"},
		"a source of packages":                 {[]item{dir("etc"), file("etc/apt.list", "")}, "etc/apt.list is outside the free places"},
		"something in /tmp":                    {[]item{dir("tmp").withMode(0o1777), file("tmp/x", "")}, "tmp/x is outside the free places"},
		"something in /workspace":              {[]item{dir("workspace")}, "the directory workspace is new"},
		"something in the agent's home":        {[]item{dir("home"), dir("home/openhands")}, "the directory home/openhands is new"},
		"a directory of root's that is new":    {[]item{dir("root").withMode(0o700), dir("root/.npm")}, "the directory root/.npm is new"},
		"a hidden directory in the root":       {[]item{dir(".config"), file(".config/x", "")}, "the directory .config is new"},
		"a parent with another mode":           {[]item{dir("usr").withMode(0o777)}, "the directory usr changes its mode or owner"},
		"a parent with another owner":          {[]item{dir("usr").ownedBy(7)}, "the directory usr changes its mode or owner"},
		"a parent with another xattr":          {[]item{dir("usr").with("SCHILY.xattr.a", "b")}, "the directory usr changes its mode or owner"},
		"a parent that was a link":             {[]item{dir("bin")}, "bin becomes a directory"},
		"a link of the system":                 {[]item{dir("usr"), link("usr/x", "y")}, "usr/x is outside the free places"},
		"what is removed of the system":        {[]item{dir("usr"), whiteout("usr/", "x")}, "usr/x is outside the free places"},
		"the system's directory, emptied":      {[]item{dir("usr"), opaque("usr")}, "usr is outside the free places"},
		"a free place that is removed":         {[]item{dir("opt"), dir("opt/miniconda3"), whiteout("opt/miniconda3/", "envs")}, "opt/miniconda3/envs is removed"},
		"a free place that is a file":          {[]item{file("testbed", "")}, "testbed is no dir"},
		"a free place that is a link":          {[]item{link("testbed", "/usr")}, "testbed is no dir"},
		"a free file that is a directory":      {[]item{dir("root").withMode(0o700), dir("root/.bashrc")}, "root/.bashrc is no file"},
		"a path without its parents":           {[]item{file("testbed/a", "")}, `the layer has "testbed/a" and no directory "testbed" before it`},
		"a path before its parents":            {[]item{file("testbed/a", ""), dir("testbed")}, `the layer has "testbed/a" and no directory "testbed" before it`},
		"a path whose parent is a link":        {[]item{dir("testbed"), link("testbed/a", "/usr"), file("testbed/a/x", "")}, `the layer has "testbed/a/x" and no directory "testbed/a" before it`},
		"a hard link to the system":            {[]item{dir("testbed"), hardLink("testbed/x", "usr/bin/sh")}, `the hard link "testbed/x" leads out of its layer or out of the free places`},
		"a pipe":                               {[]item{dir("testbed"), {name: "testbed/x", typ: tar.TypeFifo}}, `"testbed/x" is a device or a pipe`},
		"a device of the system":               {[]item{dir("usr"), {name: "usr/x", typ: tar.TypeBlock, major: 8}}, "usr/x is outside the free places"},
		"a hard link to another layer":         {[]item{dir("testbed"), hardLink("testbed/x", "testbed/y")}, `the hard link "testbed/x" leads out of its layer or out of the free places`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			shared, err := Recipe{}.Shared(image(t, test.items))
			if err != nil { // An entry without its parents leaves nothing certain.
				require.EqualError(t, err, "layer 2: "+test.why)
				require.Contains(t, test.why, "no directory")
				return
			}
			if test.why == "" {
				assert.Equal(t, 1, shared.Layers, "the system's layer")
				return
			}
			assert.EqualError(t, shared.Why, "layer 2: "+test.why)
			assert.Equal(t, 2, shared.Layers)
		})
	}
}

// gitConfigOf is git's configuration for root.
func gitConfigOf(text string) []item {
	return []item{dir("root").withMode(0o700), file("root/.gitconfig", text)}
}

// TestGitsConfigurationIsFreeOnce: a further one may take away what the system's says.
func TestGitsConfigurationIsFreeOnce(t *testing.T) {
	who := gitConfigOf("[user]\n\tname = x\n")
	shared, err := Recipe{}.Shared(image(t, gitConfigOf("[core]\n\tpager = cat\n"), who))
	require.NoError(t, err)
	assert.EqualError(t, shared.Why, "layer 3: root/.gitconfig may have more than who commits")

	t.Run("and what the recipe tells git keeps its layers from who has one", func(t *testing.T) {
		repository := []item{dir("testbed"), file("testbed/a", "")}
		added := layer(t, gitConfigOf("[safe]\n\tdirectory = *\n")...)
		require.NoError(t, Recipe{}.Judge(image(t, repository), image(t, repository), []*Layer{added}))
		err := Recipe{}.Judge(image(t, append(repository, who...)), image(t, repository), []*Layer{added})
		require.ErrorContains(t, err, "root/.gitconfig is no directory any more")
	})
}

func TestWhatTellsWhoCommits(t *testing.T) {
	for text, want := range map[string]bool{
		"":         true,
		"[user]\n": true,
		"[user]\n\temail = setup@swebench.config\n\tname = SWE-bench\n": true,
		"[user]\n\tname = A B\n[user]\n\temail = a.b+c@example.org\n":   true,
		"[user]\n\tname = \"A B\"\n":                                    false, // A quote may begin anything.
		"[user]\n\tname = a # b\n":                                      false,
		"[user]\n\tname = a\\\n\tb = c\n":                               false, // It goes on in the next line.
		"[user]\n\tsigningkey = a\n":                                    false,
		"[include]\n\tpath = /testbed/x\n":                              false,
		"[user]\n\tname = a\n[core]\n\thooksPath = /testbed\n":          false,
		"[user \"x\"]\n\tname = a\n":                                    false,
		"[user]\n\tname = a\x00\n":                                      false,
		"[user]\n\tname = a":                                            false, // Git writes whole lines.
		strings.Repeat("[user]\n", maxGitConfig):                        false,
	} {
		assert.Equal(t, want, tellsWhoCommits(strings.NewReader(text)), "%.60q", text)
	}
}

func TestTheSharedLayersAreWhatRemains(t *testing.T) {
	repository := []item{dir("testbed"), file("testbed/a", "")}
	system := []item{dir("usr"), file("usr/bin2", "")}
	shared := func(own ...[]item) Shared {
		found, err := Recipe{}.Shared(image(t, own...))
		require.NoError(t, err)
		return found
	}
	t.Run("when the image's own are taken off from the top", func(t *testing.T) {
		assert.Equal(t, 2, shared(system, repository, repository).Layers)
		assert.Equal(t, 3, shared(repository, system, repository).Layers, "what is below a shared one is shared")
	})
	t.Run("and have one key", func(t *testing.T) {
		assert.Equal(t, shared(repository).Key, shared().Key)
		assert.Equal(t, shared(system, repository).Key, shared(system).Key)
		assert.NotEqual(t, shared(system).Key, shared().Key)
	})
	t.Run("which the labels are no part of, but all else of the config is", func(t *testing.T) {
		key := func(change func(*Stack)) string {
			stack := image(t, repository)
			change(&stack)
			found, err := Recipe{}.Shared(stack)
			require.NoError(t, err)
			return found.Key
		}
		same := key(func(*Stack) {})
		assert.Equal(t, same, key(func(s *Stack) { s.Config.Labels = map[string]string{"a": "b"} }))
		assert.NotEqual(t, same, key(func(s *Stack) { s.Config.User = "root" }))
		assert.NotEqual(t, same, key(func(s *Stack) { s.Platform = "linux/arm64" }))
	})
}

func TestPlacesThatAreNotFree(t *testing.T) {
	repository := []item{dir("testbed"), dir("testbed/bin"), file("testbed/bin/a", "")}
	tests := map[string]struct {
		names []string
		env   []string
		below []item
		why   string
	}{
		"one that the recipe names":          {names: []string{"/testbed/bin"}, why: "the recipe names /testbed/bin"},
		"one that the recipe may name":       {names: []string{"/usr/../x"}, why: "the recipe names /usr/../x"},
		"one that PATH may lead into":        {env: []string{"PATH=/usr/../x"}, why: "PATH leads into it"},
		"one of which two things are true":   {names: []string{"/testbed/a", "/testbed/b"}, env: []string{"PATH=/testbed"}, why: "the recipe names /testbed/a"},
		"one in what the recipe names":       {names: []string{"/"}, why: "the recipe names /"},
		"one that PATH leads into":           {env: []string{"PATH=/usr/bin:/testbed/bin"}, why: "PATH leads into it"},
		"one that any other variable does":   {env: []string{"NODE_OPTIONS=--require=/testbed/x.js"}, why: "NODE_OPTIONS leads into it"},
		"one that a link of the system does": {below: []item{dir("usr"), link("usr/tool", "/testbed/bin/a")}, why: "the link usr/tool leads into it"},
		"one that a link may lead into":      {below: []item{dir("usr"), link("usr/tool", "/usr/../testbed/bin/a")}, why: "the link usr/tool leads into it"},
		"one that a link in such a one does": {env: []string{"PATH=/app"}, below: []item{dir("usr"), file("usr/x", ""), dir("app"), link("app/tool", "/testbed/bin/a")}, why: "a link in app leads into it"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			own := [][]item{repository}
			if test.below != nil {
				own = [][]item{test.below, repository}
			}
			stack := image(t, own...)
			stack.Config.Env = test.env
			shared, err := Recipe{Names: test.names}.Shared(stack)
			require.NoError(t, err)
			require.Error(t, shared.Why)
			assert.Contains(t, shared.Why.Error(), "testbed is not free: "+test.why)
		})
	}
	t.Run("no other one", func(t *testing.T) {
		stack := image(t, repository)
		stack.Config.Env = []string{"PATH=/opt/miniconda3/bin:/usr/bin:/test", "HOME=/", "X=testbed", "ENV", "SHELLS=/bin"}
		shared, err := Recipe{Names: []string{"/tmp/x", "/test", "/testbeds"}}.Shared(stack)
		require.NoError(t, err)
		assert.Equal(t, 1, shared.Layers)
	})
}

// TestAPlaceIsFreeAlthoughAnotherOneIsNot: each stands for itself.
func TestAPlaceIsFreeAlthoughAnotherOneIsNot(t *testing.T) {
	app := []item{dir("app"), file("app/a", "")}
	shared, err := Recipe{Names: []string{"/app"}}.Shared(image(t, app, []item{dir("testbed"), file("testbed/a", "")}))
	require.NoError(t, err)
	assert.Equal(t, 2, shared.Layers)
	assert.EqualError(t, shared.Why, "layer 2: app is not free: the recipe names /app")
}

// TestWhatLowerLayersHadAndHaveNoMore makes no difference to those above.
func TestWhatLowerLayersHadAndHaveNoMore(t *testing.T) {
	repository := []item{dir("testbed"), file("testbed/a", "")}
	usr := func(more ...item) []item { return append([]item{dir("usr")}, more...) }
	toTestbed := usr(link("usr/tool", "/testbed/a"))
	for name, test := range map[string]struct {
		lower [][]item
		why   string // empty: the repository is the image's own
	}{
		"a link into the place":                            {[][]item{toTestbed}, "testbed is not free: the link usr/tool leads into it"},
		"a link into the place, removed":                   {[][]item{toTestbed, usr(whiteout("usr/", "tool"))}, ""},
		"a link into the place, a file now":                {[][]item{toTestbed, usr(file("usr/tool", ""))}, ""},
		"a link into the place, elsewhere now":             {[][]item{toTestbed, usr(link("usr/tool", "sh"))}, ""},
		"a file at the place":                              {[][]item{usr(file("testbed", ""), file("usr/x", ""))}, "testbed is no dir in the layers below"},
		"a file at the place, removed":                     {[][]item{usr(file("testbed", ""), file("usr/x", "")), usr(file("usr/y", ""), whiteout("", "testbed"))}, ""},
		"a directory that others repeat, emptied":          {[][]item{{dir("."), file("usr/x", ""), dir("usr")}, {opaque(".")}, {dir("."), dir("usr"), file("usr/y", "")}}, ""},
		"a directory at the place, removed with the paths": {[][]item{usr(dir("testbed"), file("usr/x", "")), usr(file("usr/y", ""), whiteout("", "testbed"))}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			shared, err := Recipe{}.Shared(image(t, append(test.lower, repository)...))
			require.NoError(t, err)
			if test.why == "" {
				assert.Equal(t, 1+len(test.lower), shared.Layers)
				return
			}
			require.Error(t, shared.Why)
			assert.Contains(t, shared.Why.Error(), test.why)
		})
	}
	t.Run("the root is there even if it is emptied", func(t *testing.T) {
		shared, err := Recipe{}.Shared(image(t, []item{dir(".")}, []item{opaque(".")}, append([]item{dir(".")}, repository...)))
		require.NoError(t, err)
		assert.Equal(t, 3, shared.Layers)
	})
}

func TestImagesOfWhichNothingIsCertain(t *testing.T) {
	tests := map[string]struct {
		change func(*Stack)
		reason string
	}{
		"one with a SHELL":       {func(s *Stack) { s.Config.Shell = []string{"/bin/bash"} }, "the image has a SHELL"},
		"one that sets BASH_ENV": {func(s *Stack) { s.Config.Env = []string{"A=b", "BASH_ENV=/x"} }, "the image sets BASH_ENV"},
		"one that sets ENV":      {func(s *Stack) { s.Config.Env = []string{"ENV=/x"} }, "the image sets ENV"},
		"one that sets SHELL":    {func(s *Stack) { s.Config.Env = []string{"SHELL=/x"} }, "the image sets SHELL"},
		"one with a path below a link": {func(s *Stack) {
			s.Layers = []*Layer{s.Layers[0], layer(t, file("bin/x", ""))}
		}, "layer 2: bin is no directory"},
		"one with a path below a link of the same layer": {func(s *Stack) {
			s.Layers = []*Layer{s.Layers[0], layer(t, dir("usr"), link("usr/l", "/etc"), file("usr/l/x", ""))}
		}, "layer 2: usr/l is no directory"},
		"one with a path below a link to be": {func(s *Stack) {
			s.Layers = []*Layer{layer(t, link("testbed", "/usr")), layer(t, file("testbed/x", ""))}
		}, `layer 2: the layer has "testbed/x" and no directory "testbed" before it`},
		"one with a layer that cannot be read": {func(s *Stack) { s.Layers[0] = &Layer{Refused: "no tar archive"} }, "layer 1: no tar archive"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			stack := image(t, []item{dir("testbed")})
			test.change(&stack)
			_, err := Recipe{}.Shared(stack)
			require.EqualError(t, err, test.reason)
			assert.True(t, IsRefusal(err))
		})
	}
}

func TestJudge(t *testing.T) {
	repository := []item{dir("testbed").withMode(0o700), file("testbed/a", "")}
	usr := func(more ...item) []item { return append([]item{dir("usr"), dir("usr/bin")}, more...) }
	tests := map[string]struct {
		added  []item
		reason string // empty: they may be put on the image
	}{
		"packages and users":                             {append(usr(file("usr/bin/git", ""), link("usr/bin/awk", "gawk"), whiteout("usr/bin/", "sh")), dir("etc"), file("etc/passwd", "more")), ""},
		"a directory of the system with another mode":    {[]item{dir("var").withMode(0o777)}, ""},
		"new directories":                                {[]item{dir("workspace").ownedBy(7), dir("opt"), dir("opt/node"), file("opt/node/x", "")}, ""},
		"a directory in the root that neither image has": {[]item{dir("tools"), file("tools/x", ""), link("tools/y", "/usr/bin")}, ""},
		"something left in /tmp":                         {[]item{dir("tmp").withMode(0o1777), file("tmp/x", "")}, ""},
		"a free place as it is":                          {[]item{dir("testbed").withMode(0o700)}, ""},
		"nothing":                                        {nil, ""},

		"a layer that cannot be read":                           {[]item{file("../x", "")}, `the path "../x" is ambiguous`},
		"something in what the images have":                     {[]item{dir("testbed").withMode(0o700), file("testbed/b", "")}, "the recipe changes something in testbed"},
		"something removed there":                               {[]item{dir("testbed").withMode(0o700), whiteout("testbed/", "a")}, "the recipe changes something in testbed"},
		"the directory of it, made by the runtime":              {[]item{dir("testbed")}, "the recipe repeats the directory testbed with another mode or owner"},
		"the directory of it, removed":                          {[]item{whiteout("", "testbed")}, "testbed is no directory any more"},
		"the directory of it, a link now":                       {[]item{link("testbed", "/usr")}, "testbed is no directory any more"},
		"a parent of it, removed":                               {[]item{dir("opt"), whiteout("opt/", "miniconda3")}, "opt/miniconda3 is removed, and with it opt/miniconda3/envs"},
		"a parent of it, emptied":                               {[]item{dir("opt"), opaque("opt")}, "opt is removed, and with it opt/miniconda3/envs"},
		"the root, emptied":                                     {[]item{opaque(".")}, ". is removed, and with it opt/miniconda3/envs"},
		"a parent of it, a file now":                            {[]item{file("opt", "")}, "opt is no directory any more"},
		"a link into it":                                        {usr(link("usr/bin/tool", "/testbed/a")), "the link usr/bin/tool leads into testbed"},
		"a link that may lead into it":                          {usr(link("usr/bin/tool", "/usr/../x")), "the link usr/bin/tool leads into *"},
		"a link that may lead into it, from another free place": {[]item{dir("tools"), link("tools/y", "/usr/../x")}, "a link in tools leads to what the images have"},
		"a path without its parents, which the system has":      {[]item{file("usr/bin/git", "")}, ""},
		"a directory that both images repeat, emptied":          {[]item{dir("var"), opaque("var"), file("var/x", "")}, ""},
		"the same, removed":                                     {[]item{whiteout("", "var")}, "var is removed, and with it var"},
		"a place beside another one that fits":                  {[]item{dir("app"), dir("testbed"), file("tools", "")}, "the recipe repeats the directory testbed with another mode or owner"},
		"a path below it that is removed":                       {[]item{dir("var"), whiteout("var/", "lib")}, ""},
		"a device":                                              {usr(item{name: "usr/x", typ: tar.TypeBlock, major: 8}), "usr/x is a device or a pipe"},
		"a path in the root without its parents":                {[]item{file("tools/x", "")}, `the layer has "tools/x" and no directory "tools" before it`},
		"a hard link out of the free places":                    {[]item{dir("tools"), hardLink("tools/x", "usr/bin/sh")}, `the hard link "tools/x" leads out of its layer or out of the free places`},
		"a link into it, from another free place":               {[]item{dir("tools"), link("tools/y", "/testbed/a")}, "a link in tools leads to what the images have"},
		"a path below a link of the system":                     {[]item{dir("bin"), file("bin/x", "")}, "bin becomes a directory"},
		"a path below a link, without its parents":              {[]item{file("bin/x", "")}, "bin is no directory"},
		"a path below a link of the same layer":                 {usr(link("usr/l", "/etc"), file("usr/l/x", "")), "usr/l is no directory"},
		"a directory that becomes a file":                       {[]item{dir("usr"), file("usr/bin", "")}, "usr/bin is no directory any more"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			environment := []item{dir("var"), dir("opt"), dir("opt/miniconda3"), dir("opt/miniconda3/envs"), file("opt/miniconda3/envs/x", name)}
			err := Recipe{}.Judge(image(t, repository), image(t, environment, repository), []*Layer{layer(t, test.added...)})
			if test.reason == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, "added layer 1: "+test.reason)
			assert.True(t, IsRefusal(err))
		})
	}
}

// TestWhatOnlyOneOfTheImagesHas counts for both: the recipe may have met it, or would meet it.
func TestWhatOnlyOneOfTheImagesHas(t *testing.T) {
	repository, app := []item{dir("testbed"), file("testbed/a", "")}, []item{dir("app"), file("app/a", "")}
	judge := func(image, sibling Stack, added ...item) error {
		return Recipe{}.Judge(image, sibling, []*Layer{layer(t, added...)})
	}
	one, other := image(t, repository), image(t, app)
	const repeats = "added layer 1: the recipe repeats the directory %s with another mode or owner"
	assert.EqualError(t, judge(other, one, dir("testbed")), fmt.Sprintf(repeats, "testbed"), "the sibling has it")
	assert.EqualError(t, judge(other, one, dir("app")), fmt.Sprintf(repeats, "app"), "the image has it")
	assert.EqualError(t, judge(other, one, dir("usr"), link("usr/x", "/app/a")), "added layer 1: the link usr/x leads into app")
	assert.EqualError(t, judge(other, one, dir("tools"), link("tools/x", "/app/a")), "added layer 1: a link in tools leads to what the images have")
	assert.EqualError(t, judge(other, one, whiteout("", "app")), "added layer 1: app is removed")
	assert.NoError(t, judge(other, one, dir("tools"), link("tools/x", "/data/a")))
	packages := image(t, []item{dir("opt"), dir("opt/miniconda3"), dir("opt/miniconda3/pkgs"), file("opt/miniconda3/pkgs/x", "")})
	removed := whiteout("opt/", "miniconda3")
	assert.EqualError(t, judge(packages, one, removed), "added layer 1: opt/miniconda3 is removed, and with it opt/miniconda3/pkgs")
	assert.NoError(t, judge(other, one, removed))
	emptied := opaque("opt/miniconda3")
	assert.EqualError(t, judge(packages, one, emptied), "added layer 1: opt/miniconda3 is removed, and with it opt/miniconda3/pkgs")
	assert.NoError(t, judge(other, one, emptied))
}

// TestWhatIsKeptOfAnAddedLayer is what may concern another image, and no more: there are hundreds of
// recipe runs in memory.
func TestWhatIsKeptOfAnAddedLayer(t *testing.T) {
	l := layer(t, dir("usr"), file("usr/a", ""), whiteout("usr/", "b"), opaque("var"), link("usr/c", "/app/x"), link("usr/d", "/app/y"), link("usr/e", "/data/z"),
		link("usr/f", "sh"), dir("tools"))
	effects := l.unpack().effects()
	assert.Equal(t, l.Places, effects.Places)
	assert.Equal(t, []Entry{
		{Path: "usr/b", Kind: Whiteout}, {Path: "var", Kind: Opaque}, {Path: "usr/c", Kind: Symlink, Into: "app"}, {Path: "usr/e", Kind: Symlink, Into: "data"},
	}, effects.unpack().outside)
}

// TestAddedLayersStandOnOneAnother: a recipe of several steps adds several layers.
func TestAddedLayersStandOnOneAnother(t *testing.T) {
	repository := []item{dir("testbed"), file("testbed/a", "")}
	judge := func(added ...[]item) error {
		var layers []*Layer
		for _, items := range added {
			layers = append(layers, layer(t, items...))
		}
		return Recipe{}.Judge(image(t, repository), image(t, repository), layers)
	}
	assert.NoError(t, judge([]item{dir("usr"), dir("usr/new")}, []item{file("usr/new/x", "")}))
	assert.EqualError(t, judge([]item{dir("usr"), link("usr/l", "/etc")}, []item{file("usr/l/x", "")}), "added layer 2: usr/l is no directory")
	assert.NoError(t, judge([]item{dir("usr"), link("usr/l", "/etc")}, []item{dir("usr"), whiteout("usr/", "l")}, []item{file("usr/l/x", "")}))
	assert.EqualError(t, judge([]item{dir("tools")}, []item{link("tools", "/etc")}), "added layer 2: tools is no dir")
}

func TestImagesThatAreNoSiblings(t *testing.T) {
	repository := []item{dir("testbed"), file("testbed/a", "")}
	tests := map[string]struct {
		change func(*Stack)
		reason string
	}{
		"of another platform":         {func(s *Stack) { s.Platform = "linux/arm64" }, "the images are for different platforms"},
		"with another config":         {func(s *Stack) { s.Config.WorkingDir = "/app" }, "the configs of the images differ"},
		"on another system":           {func(s *Stack) { s.Layers[0] = layer(t, dir("usr")) }, "the images stand on different layers"},
		"with a SHELL, as both":       {func(s *Stack) { s.Config.Shell = []string{"/bin/sh"} }, "the image has a SHELL"},
		"of which nothing is certain": {func(s *Stack) { s.Layers[1] = &Layer{Refused: "no tar archive"} }, "layer 2: no tar archive"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			other := image(t, repository)
			test.change(&other)
			assert.EqualError(t, Recipe{}.Judge(image(t, repository), other, nil), test.reason)
		})
	}
	t.Run("an image of which nothing is certain has no sibling", func(t *testing.T) {
		other := image(t, repository)
		other.Layers[1] = &Layer{Refused: "no tar archive"}
		assert.EqualError(t, Recipe{}.Judge(other, image(t, repository), nil), "layer 2: no tar archive")
	})
	t.Run("labels make no difference", func(t *testing.T) {
		other := image(t, repository)
		other.Config.Labels = map[string]string{"a": "b"}
		assert.NoError(t, Recipe{}.Judge(image(t, repository), other, nil))
	})
	t.Run("two with the same SHELL are none either", func(t *testing.T) {
		one := image(t, repository)
		one.Config.Shell = []string{"/bin/sh"}
		assert.EqualError(t, Recipe{}.Judge(one, one, nil), "the image has a SHELL")
	})
}

func TestARecipeNamesTheAbsolutePathsOfItsDockerfile(t *testing.T) {
	names := RecipeOf("  # not /testbed\nRUN --mount=type=cache,target=/var/cache/apt install -d /workspace/project && tar -C/opt/node -x\nENV P=\"/app\"\n").Names
	assert.Equal(t, []string{"/var/cache/apt", "/workspace/project", "/opt/node", "/app"}, names)
}
