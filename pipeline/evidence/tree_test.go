package evidence

import (
	"archive/tar"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// kindOfNode is what a node of the model is to the tree.
var kindOfNode = map[byte]Kind{tar.TypeDir: Directory, tar.TypeReg: File, tar.TypeSymlink: Symlink}

// TestATreeIsWhatARuntimeUnpacks compares the tree of drawn layers with the model, outside the free
// places, and the free places themselves. Directories that only the runtime made are in no layer.
func TestATreeIsWhatARuntimeUnpacks(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	compared := 0
	for range 3000 {
		data := make([]byte, 64)
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		c := &choices{data}
		s := scenario{lower: [][]item{systemItems()}}
		for range 1 + c.of(3) {
			s.lower = append(s.lower, drawLayer(c, append([]string{"usr/bin/sh", "usr/local", "home"}, otherPaths...), 6))
		}
		model, ok := s.unpacked(nil)
		stack := s.stack(t, nil)
		_, all, err := NewExaminer(Recipe{}).build(stack, stack.keys())
		if !ok || err != nil || stack.readable() != nil {
			continue
		}
		compared++
		for path, n := range model.nodes {
			switch in := place(path); {
			case in == path:
				assert.Equal(t, kindOfNode[n.typ], all.places[path].Kind, path)
			case in == "" && n.implied:
			case in == "":
				assert.Equal(t, kindOfNode[n.typ], all.outside[path].Kind, path)
			}
		}
		for path := range all.outside {
			assert.Contains(t, model.nodes, path)
		}
		for path := range all.places {
			assert.Contains(t, model.nodes, path)
		}
		if t.Failed() {
			t.Logf("%+v", s.lower[1:])
			return
		}
	}
	assert.Greater(t, compared, 500)
}
