package evidence

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// large is a layer of so many entries in a directory, named and nested as packages are.
func large(t testing.TB, in string, entries int) *Layer {
	t.Helper()
	var items []item
	for _, parent := range append(parents(in), in) {
		items = append(items, dir(parent))
	}
	for n := 0; len(items) < entries; n++ {
		pkg := fmt.Sprintf("%s/package-%d", in, n)
		items = append(items, dir(pkg), dir(pkg+"/lib"), link(pkg+"/lib/current", "../share"))
		for k := range 17 {
			items = append(items, file(fmt.Sprintf("%s/lib/some_module_of_it_%d_%d.py", pkg, n%7, k), ""))
		}
	}
	l := layer(t, items...)
	require.Empty(t, l.Refused)
	return l
}

// fleet are images like SWE-bench's: Debian and its packages, conda, an environment, and a
// repository of their own. Their layers have one share of the entries that real ones have.
func fleet(t testing.TB, images, share int) (stacks []Stack, added []*Layer) {
	t.Helper()
	lower := []*Layer{
		layer(t, systemItems()...), large(t, "usr/lib", 20_000/share), large(t, "opt/miniconda3/lib", 40_000/share), large(t, "opt/miniconda3/envs/testbed", 40_000/share),
	}
	for n := range images {
		own := layer(t, dir("testbed"), file(fmt.Sprint("testbed/", n), ""), dir("usr"))
		stacks = append(stacks, Stack{Platform: "linux/amd64", Layers: append(append([]*Layer(nil), lower...), own)})
	}
	return stacks, []*Layer{large(t, "usr/share", 30_000/share)}
}

// retained is how many bytes more are in use after some work, which returns what is to be kept.
func retained(work func() any) int64 {
	inUse := func() int64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.GC() // The first one leaves what a pool has.
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	before := inUse()
	kept := work()
	after := inUse()
	runtime.KeepAlive(kept)
	return after - before
}

// TestWhatIsKnownOfManyLayersFitsInMemory: a quarter of a system takes less than a
// quarter of a megabyte, and a further image on the same layers less than a kilobyte.
func TestWhatIsKnownOfManyLayersFitsInMemory(t *testing.T) {
	bytes := retained(func() any { return large(t, "usr/lib", 15_000) })
	t.Logf("a system's layer: %d KiB", bytes>>10)
	assert.Less(t, bytes, int64(256<<10))

	stacks, added := fleet(t, 101, 4)
	examiner := NewExaminer(Recipe{})
	var approved *Approved
	bytes = retained(func() any {
		var err error
		approved, err = examiner.Approve(stacks[0], added)
		require.NoError(t, err)
		return approved
	})
	t.Logf("a system and a recipe: %d KiB", bytes>>10)
	assert.Less(t, bytes, int64(1<<20))
	bytes = retained(func() any {
		for _, image := range stacks[1:] {
			require.NoError(t, approved.Judge(image))
		}
		return examiner
	})
	t.Logf("a hundred images: %d KiB", bytes>>10)
	assert.Less(t, bytes, int64(100<<10))
}

// TestAnImageOnKnownLayersCostsItsOwn: their tree is not made again.
func TestAnImageOnKnownLayersCostsItsOwn(t *testing.T) {
	known := func(first, then Stack) bool {
		examiner := NewExaminer(Recipe{})
		_, err := examiner.Shared(first)
		require.NoError(t, err)
		found, ok := examiner.known(then, then.keys())
		if ok {
			want, err := NewExaminer(Recipe{}).split(then)
			require.NoError(t, err)
			assert.Equal(t, want, found)
		}
		return ok
	}
	usr, repository := []item{dir("usr"), file("usr/x", "")}, []item{dir("testbed"), file("testbed/a", "")}
	other := []item{dir("testbed"), file("testbed/b", "")}
	assert.True(t, known(image(t, usr, repository), image(t, usr, other)), "on the same layers")
	assert.True(t, known(image(t, usr, repository), image(t, usr, repository, other)), "with one more of its own")
	assert.True(t, known(image(t, usr), image(t, usr)), "with none of its own")
	own := image(t, repository)
	own.Layers = own.Layers[1:]
	assert.True(t, known(own, own), "on nothing at all")
	assert.False(t, known(image(t, repository), image(t, usr, repository)), "on other layers")
	assert.False(t, known(image(t, repository), Stack{}), "on fewer")

	stacks, _ := fleet(t, 2, 8)
	examiner := NewExaminer(Recipe{})
	_, err := examiner.Shared(stacks[0])
	require.NoError(t, err)
	assert.Less(t, testing.AllocsPerRun(10, func() { _, _ = examiner.Shared(stacks[1]) }), 1000.0, "the system has 7,500 entries")
}

// TestManyExamineAtATime: each gets the same answer, from whoever builds the tree.
func TestManyExamineAtATime(t *testing.T) {
	examiner := NewExaminer(Recipe{})
	stack := image(t, []item{dir("usr"), file("usr/x", "")}, []item{dir("testbed"), file("testbed/a", "")})
	want, err := Recipe{}.Shared(stack)
	require.NoError(t, err)
	var all sync.WaitGroup
	for range 20 {
		all.Add(1)
		go func() {
			defer all.Done()
			found, err := examiner.Shared(stack)
			assert.NoError(t, err)
			assert.Equal(t, want, found)
			approved, err := examiner.Approve(stack, []*Layer{layer(t, dir("usr"), file("usr/y", ""))})
			assert.NoError(t, err)
			assert.NoError(t, approved.Judge(stack))
		}()
	}
	all.Wait()
}

// BenchmarkJudge is the cost of one more image on the same layers.
func BenchmarkJudge(b *testing.B) {
	stacks, added := fleet(b, 20, 1)
	approved, err := NewExaminer(Recipe{}).Approve(stacks[0], added)
	require.NoError(b, err)
	b.ReportAllocs()
	b.ResetTimer()
	for n := range b.N {
		if err := approved.Judge(stacks[n%len(stacks)]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkApprove is the cost of one more recipe run, and of one more system.
func BenchmarkApprove(b *testing.B) {
	stacks, added := fleet(b, 1, 1)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, err := NewExaminer(Recipe{}).Approve(stacks[0], added); err != nil {
			b.Fatal(err)
		}
	}
}
