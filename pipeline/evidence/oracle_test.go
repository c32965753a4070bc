package evidence

import (
	"archive/tar"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// choices draws a scenario from bytes, so that a fuzzer can look for one.
type choices struct{ data []byte }

// of is a number below n.
func (c *choices) of(n int) int {
	if len(c.data) == 0 {
		return 0
	}
	b := c.data[0]
	c.data = c.data[1:]
	return int(b) % n
}

func pick[T any](c *choices, from []T) T { return from[c.of(len(from))] }

// command is a step of a recipe. It reads and writes as a process does, through links.
type command struct {
	name string
	path string
	run  func(o *overlay)
}

// scenario is two images on the same layers, and a recipe.
type scenario struct {
	lower          [][]item
	image, sibling [][]item
	env            []string
	recipe         []command
	names          []string
}

// Paths that entries and commands of a scenario are drawn from: ordinary ones, and those that are
// near a border of the rule.
var (
	freePaths = []string{
		"testbed/setup.py", "testbed/lib/a.py", "app/run", "opt/miniconda3/envs/testbed/bin/python", "opt/miniconda3/pkgs/x", "root/.cache/pip/y",
		"root/.bashrc", "home/user/note", "testbed/bin/tool",
	}
	otherPaths = []string{
		"usr/bin/git", "usr/lib/x/lib.so", "etc/passwd", "var/lib/dpkg/status", "opt/miniconda3/bin/curl", "bin/tool", "workspace/project/x",
		"home/openhands/.profile", "usr/local/bin/tool", "root/.npm/x", "opt/acp-node/bin/node", "lib/y", ".dot/file", "tmp/left",
	}
	targets = []string{
		"/testbed", "/testbed/bin/tool", "/usr/bin", "../../testbed/setup.py", "/opt/miniconda3/envs/testbed/bin/python", "/etc", "/opt/miniconda3/bin/../envs",
		"/tmp", "usr/lib", "/home/user", ".", "/root/.bashrc",
	}
)

// draw makes a scenario.
func draw(c *choices) scenario {
	s := scenario{lower: [][]item{systemItems()}}
	if c.of(3) == 1 {
		s.lower = append(s.lower, drawLayer(c, append(slices.Clone(otherPaths), freePaths...), 6))
	}
	draw := func() (layers [][]item) {
		for range 1 + c.of(2) {
			paths := freePaths
			if c.of(20) == 1 {
				paths = append(slices.Clone(otherPaths), freePaths...)
			}
			layers = append(layers, drawLayer(c, paths, 5))
		}
		return layers
	}
	s.image, s.sibling = draw(), draw()
	if c.of(8) == 1 {
		s.env = []string{"PATH=" + pick(c, []string{"/testbed/bin:/usr/bin", "/opt/miniconda3/bin:/usr/bin", "/bin", "/app"})}
	}
	for range 1 + c.of(5) {
		s.recipe = append(s.recipe, s.command(c))
	}
	return s
}

// drawLayer makes a layer with parents, in most cases.
func drawLayer(c *choices, paths []string, most int) (items []item) {
	for range 1 + c.of(most) {
		at := pick(c, paths)
		if slices.ContainsFunc(items, func(i item) bool { return strings.TrimSuffix(i.name, "/") == at }) && c.of(30) != 1 {
			continue // Twice is refused, which is seen often enough.
		}
		if c.of(30) != 1 {
			items = addParents(c, items, at)
		}
		switch c.of(40) {
		case 1:
			items = append(items, link(at, pick(c, targets)))
		case 2:
			items = append(items, item{name: at + "/", mode: int64(0o700 + c.of(2)*0o55), uid: c.of(2)})
		case 3:
			items = append(items, whiteout(path.Dir(at)+"/", path.Base(at)))
		case 4:
			items = append(items, opaque(path.Dir(at)))
		case 5:
			items = append(items, hardLink(at, pick(c, paths)))
		case 6:
			items = append(items, file(strings.Split(at, "/")[0], "no directory"))
		default:
			items = append(items, file(at, fmt.Sprint(c.of(3))))
		}
	}
	return items
}

// addParents has a layer repeat the directories above a path, mostly as they are.
func addParents(c *choices, items []item, at string) []item {
	for _, parent := range parents(at) {
		if slices.ContainsFunc(items, func(i item) bool { return strings.TrimSuffix(i.name, "/") == parent }) {
			continue
		}
		made := dir(parent)
		for _, known := range systemItems() {
			if known.name == made.name {
				made = known
			}
		}
		if c.of(200) == 1 {
			made = made.withMode(0o777)
		}
		items = append(items, made)
	}
	return items
}

// command draws a step of the recipe. It uses what is outside the free places, or names what it
// uses, or empties /tmp.
func (s *scenario) command(c *choices) command {
	at := pick(c, otherPaths)
	if c.of(8) == 1 {
		at = pick(c, freePaths)
		s.names = append(s.names, "/"+at)
	}
	switch c.of(8) {
	case 1:
		return command{"remove", at, func(o *overlay) {
			if p, ok := o.resolve(at, false); ok {
				o.removeAll(p)
			}
		}}
	case 2:
		up := path.Dir(at)
		return command{"chmod", up, func(o *overlay) {
			if p, ok := o.resolve(up, true); ok && o.nodes[p] != nil && place(up) == "" {
				o.nodes[p].mode = 0o711
			}
		}}
	case 3:
		to := pick(c, targets)
		return command{"link", at, func(o *overlay) { o.write(at, &node{typ: tar.TypeSymlink, mode: 0o777, text: to}, false) }}
	case 4:
		return command{"empty", "tmp", func(o *overlay) {
			if p, ok := o.resolve("tmp", true); ok {
				maps.DeleteFunc(o.nodes, func(path string, _ *node) bool { return path != p && within(path, p) })
			}
		}}
	case 5:
		up := path.Dir(at)
		return command{"mkdir", up, func(o *overlay) {
			if p, ok := o.resolve(up, true); ok && o.nodes[p] == nil {
				o.write(up, &node{typ: tar.TypeDir, mode: 0o750, uid: 7}, true)
			}
		}}
	default:
		from := pick(c, otherPaths)
		return command{"digest of " + from + " to", at, func(o *overlay) {
			o.write(at, &node{typ: tar.TypeReg, mode: 0o644, text: o.read(from)}, true)
		}}
	}
}

// read is what a process finds at a path: a file's text, or what else there is.
func (o *overlay) read(at string) string {
	p, ok := o.resolve(at, true)
	if !ok || o.nodes[p] == nil {
		return "nothing"
	}
	hash := fnv.New32a()
	fmt.Fprint(hash, o.nodes[p].typ, o.nodes[p].mode, o.nodes[p].text)
	return fmt.Sprint(hash.Sum32())
}

// write makes a node, as a process does that runs mkdir -p before. It fails silently, as the step
// of a recipe may.
func (o *overlay) write(at string, n *node, last bool) {
	dir, ok := o.resolve(path.Dir(at), true)
	if !ok || o.nodes[dir] != nil && o.nodes[dir].typ != tar.TypeDir {
		return
	}
	p, ok := o.resolve(path.Join(dir, path.Base(at)), last)
	if !ok || o.nodes[p] != nil && (o.nodes[p].typ == tar.TypeDir || n.typ == tar.TypeSymlink) {
		return
	}
	o.makeParents(p)
	if slices.ContainsFunc(parents(p), func(up string) bool { return o.nodes[up].typ != tar.TypeDir }) {
		return
	}
	o.nodes[p] = n
}

// stack of these layers.
func (s scenario) stack(t testing.TB, own [][]item) Stack {
	t.Helper()
	stack := Stack{Platform: "linux/amd64", Config: v1.Config{Env: s.env}}
	for _, items := range append(slices.Clone(s.lower), own...) {
		stack.Layers = append(stack.Layers, layer(t, items...))
	}
	return stack
}

// unpacked is the tree of these layers. Not ok: a runtime fails at them.
func (s scenario) unpacked(own [][]item) (*overlay, bool) {
	o := newOverlay()
	for _, items := range append(slices.Clone(s.lower), own...) {
		if o.unpack(items) != nil {
			return nil, false
		}
	}
	return o, true
}

// run is the tree after the recipe.
func (s scenario) run(before *overlay) *overlay {
	after := before.copy()
	for _, command := range s.recipe {
		command.run(after)
	}
	return after
}

// judged is the answer of somebody who sees these images first. Who has seen them, and others, says
// the same.
func (s scenario) judged(t testing.TB, added []*Layer) error {
	t.Helper()
	recipe, images := Recipe{Names: s.names}, []Stack{s.stack(t, s.image), s.stack(t, s.sibling)}
	err := recipe.Judge(images[0], images[1], added)
	examiner := NewExaminer(recipe)
	for range 2 {
		for _, image := range append(images, Stack{Platform: images[0].Platform, Config: images[0].Config, Layers: images[0].Layers[:1]}) {
			fresh, because := NewExaminer(recipe).split(image)
			seen, reason := examiner.split(image)
			assert.Equal(t, fresh, seen)
			assert.Equal(t, because, reason)
		}
		approved, refused := examiner.Approve(images[1], added)
		if refused == nil {
			refused = approved.Judge(images[0])
		}
		assert.Equal(t, err, refused)
	}
	return err
}

// check compares both ways if the rule says yes, and returns whether it does.
func (s scenario) check(t testing.TB) (yes bool) {
	t.Helper()
	image, ok := s.unpacked(s.image)
	sibling, also := s.unpacked(s.sibling)
	if !ok || !also {
		return false
	}
	added := difference(sibling, s.run(sibling))
	err := s.judged(t, []*Layer{layer(t, added...)})
	if err != nil {
		require.True(t, IsRefusal(err))
		return false
	}
	longWay := s.run(image)
	require.NoError(t, image.unpack(added))
	if !assert.Equal(t, longWay.list(), image.list()) {
		t.Logf("lower %+v\nimage %+v\nsibling %+v\nrecipe %+v\nadded %+v", s.lower[1:], s.image, s.sibling, s.recipe, added)
	}
	return true
}

// TestWhatTheRuleAllowsIsWhatTheRecipeWouldDo compares, for drawn images and recipes, what the rule
// allows with what the recipe does, file by file.
func TestWhatTheRuleAllowsIsWhatTheRecipeWouldDo(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const scenarios = 2000
	yes := 0
	for range scenarios {
		data := make([]byte, 96)
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		if draw(&choices{data}).check(t) {
			yes++
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d of %d allowed", yes, scenarios)
	assert.Greater(t, yes, scenarios/20, "a rule that always refuses proves nothing")
}

// FuzzJudge looks for a scenario in which the rule says yes and the trees differ.
func FuzzJudge(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		s := draw(&choices{data})
		s.check(t)
		image := s.stack(t, s.image)
		recipe := RecipeOf(string(data))
		_, certain := recipe.Shared(image)
		assert.Equal(t, certain, recipe.Judge(image, image, nil), "an image is its own sibling, unless nothing is certain of it")
	})
}
