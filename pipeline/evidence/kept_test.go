package evidence

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/redact"
)

// everything is a layer with all that a layer may have.
func everything() []item {
	items := []item{
		dir("usr").ownedBy(3).with("SCHILY.xattr.user.a", "b"), file("usr/x", "text"), link("usr/y", "/testbed/bin/y"), hardLink("usr/z", "usr/x"),
		link("usr/up", "/usr/../x"), {name: "usr/pipe", typ: tar.TypeFifo}, {name: "usr/disk", typ: tar.TypeBlock, major: 8},
		file("usr/Főtanúsítvány<&>", ""), whiteout("etc/", "gone"), opaque("var"), dir("."),
		dir("testbed").withMode(0o700), file("testbed/a", ""), link("testbed/b", "/app/c"), link("testbed/up", "x/../y"), hardLink("testbed/d", "testbed/a"),
		{name: "testbed/pipe", typ: tar.TypeFifo}, whiteout("testbed/", "gone"), opaque("testbed"), hardLink("testbed/e", "usr/x"),
		file("app", ""), link("data", "/usr"), whiteout("", "old"), opaque("empty"), file("lonely/x", ""),
		file("root/.bashrc", ""), dir("root/.npm"), dir("home"), dir("home/user"), dir("home/openhands"), dir("home/.ssh"), dir(".config"),
	}
	for _, name := range system {
		items = append(items, file(name+"/in", ""))
	}
	for _, name := range append(freeIn, freeFiles...) {
		items = append(items, file(name+"/in", ""))
	}
	return items
}

// readings are layers of which the form is fixed, as what is kept of them.
func readings(t *testing.T) string {
	t.Helper()
	layers := [][]item{
		everything(), nil,
		{file("a/../x", "")}, {file("a", ""), file("a", "")}, {dir("a"), whiteout("", "a")}, {whiteout("", "a"), file("a/b", "")},
		{file("a/.wh.", "")}, {file("a/.wh.b/c", "")}, {dir("a/.wh.b")}, {{name: "a/", typ: tar.TypeSymlink, link: "x"}}, {link("./", "x")},
		{file("usr/x", "").with("ACME.magic", "1")}, {file("x", "").with("ACME.magic", "1")}, {hardLink("usr/x", "usr/y")},
		{{name: "usr/x", typ: tar.TypeCont}}, {{name: "usr/x", typ: tar.TypeChar}},
	}
	var all strings.Builder
	for _, items := range layers {
		kept, err := json.Marshal(layer(t, items...).kept())
		require.NoError(t, err)
		all.Write(append(kept, '\n'))
	}
	return all.String()
}

// TestEvidenceIsKeptInOneForm: where this fails, what another run has kept says something else than
// what this program would read. Raise [Reading], and write a file of that name with the new form.
func TestEvidenceIsKeptInOneForm(t *testing.T) {
	file := filepath.Join("testdata", fmt.Sprintf("reading-%d.jsonl", Reading))
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), readings(t))
}

func TestWhatIsKeptIsWhatWasRead(t *testing.T) {
	var places []item
	for n := range maxPlaces {
		places = append(places, dir(fmt.Sprint("d", n)))
	}
	for name, items := range map[string][]item{"a layer with everything": everything(), "an empty one": nil, "a refused one": {file("../x", "")}, "one with many places": places} {
		t.Run(name, func(t *testing.T) {
			l := layer(t, items...)
			kept, ok := l.Keep()
			require.True(t, ok)
			again, err := ReadKept(kept)
			require.NoError(t, err)
			assert.Equal(t, l, again)
			twice, _ := layer(t, items...).Keep()
			assert.Equal(t, kept, twice, "one layer has one blob")
		})
	}
	t.Run("for drawn layers", func(t *testing.T) {
		random := rand.New(rand.NewPCG(5, 6))
		for range 300 {
			data := make([]byte, 64)
			for i := range data {
				data[i] = byte(random.Uint32())
			}
			l := layer(t, drawLayer(&choices{data}, append(append([]string{"usr/bin/sh"}, otherPaths...), freePaths...), 8)...)
			kept, ok := l.Keep()
			require.True(t, ok)
			again, err := ReadKept(kept)
			require.NoError(t, err)
			assert.Equal(t, l, again)
		}
	})
}

func TestLayersOfWhichNothingIsKept(t *testing.T) {
	many := keptLayer{DiffID: layer(t).DiffID}
	for n := range maxObjects {
		many.Outside = append(many.Outside, Entry{Path: fmt.Sprint("usr/", n), Kind: File})
	}
	random, long := rand.New(rand.NewPCG(7, 8)), keptLayer{DiffID: many.DiffID}
	for range 90_000 {
		path := []byte("usr/")
		for range 60 {
			path = append(path, 'A'+byte(random.IntN(58)))
		}
		long.Outside = append(long.Outside, Entry{Path: string(path), Kind: File})
	}
	for name, l := range map[string]*Layer{
		"one that was not inflated":                   {Refused: "inflating: gzip: invalid header"},
		"one with a path that JSON cannot hold":       layer(t, file("usr/\xff", "")),
		"one with a place that JSON cannot hold":      layer(t, dir("\xff")),
		"one with a link to what JSON cannot hold":    layer(t, link("usr/x", "/\xff/y")),
		"one with another link to what JSON cannot":   layer(t, dir("testbed"), link("testbed/x", "/\xff/y")),
		"one with more entries than anybody would do": many.layer(),
		"one whose paths do not compress":             long.layer(),
	} {
		t.Run(name, func(t *testing.T) {
			_, ok := l.Keep()
			assert.False(t, ok)
		})
	}
}

func TestKeptEvidenceThatIsNone(t *testing.T) {
	id := layer(t).DiffID
	with := func(more string) string { return `{"diff_id":"` + id + `",` + more + `}` }
	outside := func(entry string) string { return with(`"outside":[` + entry + `]`) }
	place := func(name, of string) string { return with(`"places":{"` + name + `":` + of + `}`) }
	var many []string
	for n := range maxPlaces + 1 {
		many = append(many, fmt.Sprintf(`"p%03d":{"below":true,"orphan":"x"}`, n))
	}
	tests := map[string]struct{ body, reason string }{
		"nothing":                                {"", "unexpected end of JSON input"},
		"no JSON":                                {"{", "unexpected end of JSON input"},
		"a list":                                 {"[]", "cannot unmarshal array"},
		"no diff ID":                             {"{}", "its diff ID or its refusal is malformed"},
		"a diff ID that is none":                 {`{"diff_id":"sha256:x"}`, "its diff ID or its refusal is malformed"},
		"a refusal with a terminal's escape":     {with(`"refused":"\u001b[2J"`), "its diff ID or its refusal is malformed"},
		"a field that nobody knows":              {with(`"more":1`), "it is not as this program writes it"},
		"a field twice":                          {with(`"refused":"a","refused":"b"`), "it is not as this program writes it"},
		"something after it":                     {`{"diff_id":"` + id + `"} `, "it is not as this program writes it"},
		"another one after it":                   {`{"diff_id":"` + id + `"}{}`, "after top-level value"},
		"too many places":                        {with(`"places":{` + strings.Join(many, ",") + `}`), "it has too many places"},
		"a place that is null":                   {place("testbed", "null"), `the place "testbed" is malformed`},
		"a place without an entry":               {place("testbed", `{"below":true}`), `the place "testbed" is malformed`},
		"a place of nothing":                     {place("testbed", "{}"), `the place "testbed" is malformed`},
		"a place of the system's":                {place("usr", `{"below":true,"orphan":"x"}`), `the place "usr" is malformed`},
		"a place below a place":                  {place("testbed/x", `{"below":true,"orphan":"x"}`), `the place "testbed/x" is malformed`},
		"a place that is a path's parent":        {place("..", `{"below":true,"orphan":"x"}`), `the place ".." is malformed`},
		"a place that is another one's entry":    {place("testbed", `{"own":{"path":"app","kind":"file"}}`), `the place "testbed" is malformed`},
		"a place of no kind":                     {place("testbed", `{"own":{"path":"testbed","kind":"x"}}`), `the place "testbed" is malformed`},
		"a place that is emptied":                {place("testbed", `{"own":{"path":"testbed","kind":"opaque"}}`), `the place "testbed" is malformed`},
		"a place that leads somewhere":           {place("testbed", `{"own":{"path":"testbed","kind":"link","into":"app"}}`), `the place "testbed" is malformed`},
		"a place with links to the system":       {place("testbed", `{"below":true,"into":["usr"],"orphan":"x"}`), `the place "testbed" is malformed`},
		"a place with links to nothing":          {place("testbed", `{"below":true,"into":[""],"orphan":"x"}`), `the place "testbed" is malformed`},
		"an entry of no kind":                    {outside(`{"path":"usr","kind":"x"}`), `the entry "usr" is malformed`},
		"an entry that leads out":                {outside(`{"path":"usr/../../x","kind":"file"}`), `the entry "usr/../../x" is malformed`},
		"an entry that begins with a slash":      {outside(`{"path":"/usr","kind":"file"}`), `the entry "/usr" is malformed`},
		"an entry without a path":                {outside(`{"path":"","kind":"file"}`), `the entry "" is malformed`},
		"an entry in a free place":               {outside(`{"path":"testbed/x","kind":"file"}`), `the entry "testbed/x" is malformed`},
		"a file with attributes":                 {outside(`{"path":"usr","kind":"file","attributes":"755 0 0"}`), `the entry "usr" is malformed`},
		"a directory without attributes":         {outside(`{"path":"usr","kind":"dir"}`), `the entry "usr" is malformed`},
		"attributes that end":                    {outside(`{"path":"usr","kind":"dir","attributes":"\u0000"}`), `the entry "usr" is malformed`},
		"a file that leads somewhere":            {outside(`{"path":"usr","kind":"file","into":"app"}`), `the entry "usr" is malformed`},
		"a link to the system":                   {outside(`{"path":"usr/x","kind":"link","into":"usr"}`), `the entry "usr/x" is malformed`},
		"more bytes than anybody would write":    {strings.Repeat(" ", maxKept+1), "it is too large"},
		"more objects than anybody would write":  {"[" + strings.Repeat("{},", maxObjects+1) + "]", "it is too large"},
		"more elements than anybody would write": {"[" + strings.Repeat("1,", maxElements+1) + "]", "it is too large"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ReadKept(zipped(t, []byte(test.body)))
			require.ErrorContains(t, err, "reading kept evidence: ")
			assert.ErrorContains(t, err, test.reason)
		})
	}
	whole, ok := layer(t, everything()...).Keep()
	require.True(t, ok)
	for name, kept := range map[string][]byte{
		"no gzip": []byte("{}"), "half of it": whole[:len(whole)/2], "with another sum": append(bytes.Clone(whole[:len(whole)-8]), make([]byte, 8)...),
		"with too many bytes": append(bytes.Repeat(zipped(t, nil), maxPacked/len(zipped(t, nil))+1), whole...),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadKept(kept)
			require.ErrorContains(t, err, "reading kept evidence: ")
			assert.Equal(t, name == "with too many bytes", strings.Contains(err.Error(), "it is too large"))
		})
	}
}

// FuzzReadKept reads what anybody may have written, inflated. What is taken can be kept again, in
// the same bytes, and everything can be done with it.
func FuzzReadKept(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		var packed bytes.Buffer
		writer := gzip.NewWriter(&packed)
		_, err := writer.Write(body)
		require.NoError(t, err)
		require.NoError(t, writer.Close())
		_, err = ReadKept(body)
		require.Error(t, err)
		l, err := ReadKept(packed.Bytes())
		if err != nil {
			assert.Equal(t, redact.Line(err.Error()), err.Error())
			return
		}
		kept, ok := l.Keep()
		require.True(t, ok)
		again, err := ReadKept(kept)
		require.NoError(t, err)
		assert.Equal(t, l, again)
		system := layer(t, systemItems()...)
		image := Stack{Layers: []*Layer{system, l}}
		_, certain := Recipe{}.Shared(image)
		assert.Equal(t, certain, Recipe{}.Judge(image, image, nil))
		if err := (Recipe{}).Judge(Stack{Layers: []*Layer{system}}, Stack{Layers: []*Layer{system}}, []*Layer{l}); err != nil {
			assert.True(t, IsRefusal(err))
		}
	})
}
