package evidence

import (
	"archive/tar"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDifferences(t *testing.T) {
	usr := []item{dir("usr"), dir("usr/bin"), file("usr/bin/git", "1"), link("usr/bin/g", "git"), hardLink("usr/bin/h", "usr/bin/git")}
	changed := func(at int, to item) []item {
		items := append([]item{}, usr...)
		items[at] = to
		return items
	}
	for name, test := range map[string]struct {
		shared, built [][]item
		first         []string
	}{
		"the same layers":  {[][]item{usr}, [][]item{usr}, nil},
		"in another order": {[][]item{{file("a", "1"), file("b", "2")}}, [][]item{{file("b", "2"), file("a", "1")}}, nil},
		"another content":  {[][]item{usr}, [][]item{changed(2, file("usr/bin/git", "2"))}, []string{"usr/bin/git has another content"}},
		"another mode":     {[][]item{usr}, [][]item{changed(2, file("usr/bin/git", "1").withMode(0o755))}, []string{"usr/bin/git has another mode or owner: 644 0 0, then 755 0 0"}},
		"a set-uid bit":    {[][]item{usr}, [][]item{changed(2, file("usr/bin/git", "1").withMode(0o4644))}, []string{"usr/bin/git has another mode or owner: 644 0 0, then 4644 0 0"}},
		"another owner":    {[][]item{usr}, [][]item{changed(1, dir("usr/bin").ownedBy(7))}, []string{"usr/bin has another mode or owner: 755 0 0, then 755 7 7"}},
		"a capability":     {[][]item{usr}, [][]item{changed(2, file("usr/bin/git", "1").with("SCHILY.xattr.security.capability", "x"))}, []string{`usr/bin/git has another mode or owner: 644 0 0, then 644 0 0 "security.capability"="x"`}},
		"another target":   {[][]item{usr}, [][]item{changed(3, link("usr/bin/g", "h"))}, []string{"usr/bin/g leads elsewhere"}},
		"a hard link":      {[][]item{usr}, [][]item{changed(4, hardLink("usr/bin/h", "usr/bin/g"))}, []string{"usr/bin/h leads elsewhere"}},
		"another type":     {[][]item{usr}, [][]item{changed(3, file("usr/bin/g", "git"))}, []string{"usr/bin/g is of another kind"}},
		"another device":   {[][]item{{item{name: "a", typ: tar.TypeBlock, major: 1}}}, [][]item{{item{name: "a", typ: tar.TypeBlock, major: 2}}}, []string{"a leads elsewhere"}},
		"one file more":    {[][]item{usr}, [][]item{append(usr, file("usr/x", ""))}, []string{"usr/x is changed by the recipe only"}},
		"one file less":    {[][]item{append(usr, file("usr/x", ""))}, [][]item{usr}, []string{"usr/x is changed by the shared layers only"}},
		"a removal":        {[][]item{{whiteout("usr/", "x")}}, [][]item{{file("usr/x", "")}}, []string{"usr/x is of another kind"}},
		"one that empties": {[][]item{{dir("usr")}}, [][]item{{dir("usr"), opaque("usr")}}, []string{"usr hides other files"}},

		"the last layer wins":    {[][]item{{file("a", "1")}, {file("a", "2")}}, [][]item{{file("a", "2")}}, nil},
		"not the first one":      {[][]item{{file("a", "1")}, {file("a", "2")}}, [][]item{{file("a", "1")}}, []string{"a has another content"}},
		"a removed file is gone": {[][]item{{file("a", "1")}, {whiteout("", "a")}}, [][]item{{whiteout("", "a")}}, nil},
		"a removed directory is gone with what it has": {
			[][]item{{dir("a"), file("a/b", "1")}, {whiteout("", "a")}}, [][]item{{whiteout("", "a")}}, nil,
		},
		"an emptied directory has what its own layer has": {
			[][]item{{dir("a"), file("a/b", "1")}, {dir("a"), file("a/c", "1"), opaque("a")}}, [][]item{{dir("a"), opaque("a"), file("a/c", "1")}}, nil,
		},
		"a directory after a removal hides what was there": {
			[][]item{{whiteout("", "a")}, {dir("a")}}, [][]item{{dir("a")}}, []string{"a hides other files"},
		},
		"so does one after a file, and it is the same": {
			[][]item{{file("a", "1")}, {dir("a")}}, [][]item{{whiteout("", "a")}, {dir("a")}}, nil,
		},
		"so does one that is made for a file": {
			[][]item{{whiteout("", "a")}, {file("a/b", "1")}}, [][]item{{file("a/b", "1")}}, []string{"a is changed by the shared layers only"},
		},
		"and it stays when that file goes": {
			[][]item{{whiteout("", "a")}, {file("a/b", "1")}, {whiteout("a/", "b")}}, [][]item{{whiteout("", "a")}, {whiteout("a/", "b")}},
			[]string{"a is of another kind"},
		},
		"an emptied root has nothing else": {[][]item{{dir("a"), file("a/b", "1")}, {file(opaqueName, "")}}, [][]item{{file(opaqueName, "")}}, nil},
		"the mode in a hard link counts in its file": {
			[][]item{usr}, [][]item{changed(4, hardLink("usr/bin/h", "usr/bin/git").withMode(0o600))}, nil,
		},
		"a file after a directory removes what it had": {
			[][]item{{dir("a"), file("a/b", "1")}, {file("a", "1")}}, [][]item{{file("a", "1")}}, nil,
		},

		"the time in a log":        {[][]item{{file("var/log/apt/history.log", "1")}}, [][]item{{file("var/log/apt/history.log", "2")}}, nil},
		"the mode of a log":        {[][]item{{file("var/log/a", "1")}}, [][]item{{file("var/log/a", "1").withMode(0o600)}}, []string{"var/log/a has another mode or owner: 644 0 0, then 600 0 0"}},
		"a log of one only":        {[][]item{{}}, [][]item{{file("var/log/a", "1")}}, []string{"var/log/a is changed by the recipe only"}},
		"the cache of ldconfig":    {[][]item{{file("var/cache/ldconfig/aux-cache", "1")}}, [][]item{{file("var/cache/ldconfig/aux-cache", "2")}}, nil},
		"the index of npm's cache": {[][]item{{file("root/.npm/_cacache/index-v5/00/5f/18", "1")}}, [][]item{{file("root/.npm/_cacache/index-v5/00/5f/18", "2")}}, nil},
		"a download of npm's": {
			[][]item{{file("root/.npm/_cacache/index-v5/00/5f/18", "1")}}, [][]item{{}},
			[]string{"root/.npm/_cacache/index-v5/00/5f/18 is changed by the shared layers only"},
		},
		"what npm downloaded": {
			[][]item{{file("root/.npm/_cacache/content-v2/a", "1")}}, [][]item{{file("root/.npm/_cacache/content-v2/a", "2")}},
			[]string{"root/.npm/_cacache/content-v2/a has another content"},
		},
		"logs of npm":              {[][]item{{file("root/.npm/_logs/2026-11-27T09_00_00_000Z-debug-0.log", "1")}}, [][]item{{}}, nil},
		"the cache of the linker":  {[][]item{{file("etc/ld.so.cache", "1")}}, [][]item{{file("etc/ld.so.cache", "2")}}, []string{"etc/ld.so.cache has another content"}},
		"a log that is no log yet": {[][]item{{file("var/logs", "1")}}, [][]item{{file("var/logs", "2")}}, []string{"var/logs has another content"}},
	} {
		t.Run(name, func(t *testing.T) {
			first, all := Differences(added(t, test.shared...), added(t, test.built...), 5)
			assert.Equal(t, test.first, first)
			assert.Equal(t, len(test.first), all)
			back, _ := Differences(added(t, test.built...), added(t, test.shared...), 5)
			assert.Len(t, back, len(test.first), "it is a difference the other way round as well")
		})
	}
	t.Run("of many, the first by their paths are named", func(t *testing.T) {
		first, all := Differences(new(Added), added(t, []item{file("c", ""), file("a", ""), file("b", "")}), 2)
		assert.Equal(t, []string{"a is changed by the recipe only", "b is changed by the recipe only"}, first)
		assert.Equal(t, 3, all)
	})
}

func TestNothingIsBelowAFile(t *testing.T) {
	a := added(t, []item{file("usr", "")})
	assert.ErrorContains(t, a.Put(contents(t, file("usr/a", ""))), `"usr" is no directory, and something is below it`)
}

// TestWithoutDifferencesTheLayersMakeTheSame: for drawn images and recipes, the layers of a recipe
// that ran on one image, a layer for each step, make of the other what the recipe makes of it, if
// they show no difference from the layers that it adds there.
func TestWithoutDifferencesTheLayersMakeTheSame(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const scenarios = 3000
	same, different := 0, 0
	for range scenarios {
		data := make([]byte, 96)
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		switch draw(&choices{data}).audited(t) {
		case "same":
			same++
		case "different":
			different++
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d the same, %d different", same, different)
	assert.Greater(t, same, scenarios/20)
	assert.Greater(t, different, scenarios/20)
}

// FuzzDifferences looks for a scenario that shows no difference and makes other trees.
func FuzzDifferences(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) { draw(&choices{data}).audited(t) })
}

// audited compares what the recipe's layers of the sibling make of the image with what the recipe
// makes of it. It returns whether they show a difference; nothing if a runtime fails at them.
func (s scenario) audited(t testing.TB) string {
	t.Helper()
	image, ok := s.unpacked(s.image)
	sibling, also := s.unpacked(s.sibling)
	if !ok || !also {
		return ""
	}
	shared, longWay := s.steps(sibling)
	built, want := s.steps(image)
	for _, items := range shared {
		if image.unpack(items) != nil {
			return ""
		}
	}
	a, b, of := new(Added), new(Added), new(Added)
	for i := range shared {
		for added, items := range map[*Added][]item{a: shared[i], b: built[i], of: shared[i]} {
			if added.Put(contents(t, items...)) != nil {
				return ""
			}
		}
	}
	itself, _ := Differences(a, of, 1)
	require.Empty(t, itself, "no layer differs from itself")
	require.NotNil(t, longWay)
	if first, _ := Differences(a, b, 1); len(first) > 0 {
		return "different"
	}
	if !assert.Equal(t, want.list(), image.list()) {
		t.Logf("lower %+v\nimage %+v\nsibling %+v\nshared %+v\nbuilt %+v", s.lower[1:], s.image, s.sibling, shared, built)
	}
	return "same"
}

// steps are the layers that the recipe adds to an image, one for each step, and the tree that it
// makes.
func (s scenario) steps(image *overlay) (layers [][]item, after *overlay) {
	after = image.copy()
	for _, command := range s.recipe {
		before := after.copy()
		command.run(after)
		layers = append(layers, difference(before, after))
	}
	return layers, after
}
