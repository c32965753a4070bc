package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	for name, tc := range map[string]struct {
		events string
		want   []test
	}{
		"a test has the time that it took": {
			`{"Action":"start","Package":"p"}
			{"Action":"run","Package":"p","Test":"TestA"}
			{"Action":"pass","Package":"p","Test":"TestA","Elapsed":1.5}
			{"Action":"pass","Package":"p","Elapsed":2}`,
			[]test{{"p", "TestA", 1.5}},
		},
		"so has one that failed, and one that was skipped": {
			`{"Action":"fail","Package":"p","Test":"TestA","Elapsed":1}
			{"Action":"skip","Package":"p","Test":"TestB","Elapsed":2}`,
			[]test{{"p", "TestA", 1}, {"p", "TestB", 2}},
		},
		"subtests in sequence are in the time of their test": {
			`{"Action":"pass","Package":"p","Test":"TestA/one","Elapsed":1}
			{"Action":"pass","Package":"p","Test":"TestA/two","Elapsed":2}
			{"Action":"pass","Package":"p","Test":"TestA","Elapsed":3.5}`,
			[]test{{"p", "TestA", 3.5}},
		},
		"parallel subtests are not, and are added up": {
			`{"Action":"pass","Package":"p","Test":"TestA/one/deep","Elapsed":4}
			{"Action":"pass","Package":"p","Test":"TestA/one","Elapsed":0}
			{"Action":"pass","Package":"p","Test":"TestA/two","Elapsed":2}
			{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}`,
			[]test{{"p", "TestA", 6}},
		},
		"the same name in another package is another test": {
			`{"Action":"pass","Package":"p","Test":"TestA","Elapsed":1}
			{"Action":"pass","Package":"q","Test":"TestA","Elapsed":2}`,
			[]test{{"p", "TestA", 1}, {"q", "TestA", 2}},
		},
		"what is no event is passed over": {
			"# dagger/eval-images/p\nundefined: x\n" + `{"Action":"pass","Package":"p","Test":"TestA","Elapsed":1}`,
			[]test{{"p", "TestA", 1}},
		},
		"a test that did not end is not in it": {`{"Action":"run","Package":"p","Test":"TestA"}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse(strings.NewReader(tc.events))
			require.NoError(t, err)
			assert.ElementsMatch(t, tc.want, got)
		})
	}
}

func TestTheTenSlowestArePrinted(t *testing.T) {
	var tests []test
	for i := range 12 {
		tests = append(tests, test{"dagger/eval-images/e2e/skip", "Test" + string(rune('A'+i)), float64(i)})
	}
	var printed strings.Builder
	printSlowest(&printed, tests)
	lines := strings.Split(strings.TrimSuffix(printed.String(), "\n"), "\n")
	require.Len(t, lines, 1+most)
	assert.Equal(t, "    11.0 s  e2e/skip TestL", lines[1])
	assert.Equal(t, "     2.0 s  e2e/skip TestC", lines[most])
}
