package families_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/families"
)

func TestCheckIDAcceptsTheIDsOfEveryFamily(t *testing.T) {
	for _, id := range []string{
		"django__django-11099",
		"Automattic__wp-calypso-21648",
		"Project-MONAI__MONAI-6446",
		"oauthlib__oauthlib.1fd52536.combine_file__09vlzwgc",
		"instance_NodeBB__NodeBB-04998908ba6721d64eba79ae3b65a351dcfbc5b5-vnan",
		"instance_qutebrowser__qutebrowser-e34dfc68647d087ca3175d9ad3f023c30d8c9746-v363c8a7e5ccdf6968fc7ab84a2053ac780366",
		"alibaba__fastjson2-1245",
		"web3.py",
		strings.Repeat("a", 200),
	} {
		assert.NoError(t, families.CheckID(id), id)
	}
}

func TestCheckIDRefusesWhatHasAMeaningElsewhere(t *testing.T) {
	tests := map[string]struct{ id, quoted string }{
		"nothing":                         {"", "empty"},
		"a path upwards":                  {"../../x", `"../../x"`},
		"a hidden file":                   {".hidden", `".hidden"`},
		"an option":                       {"--privileged", `"--privileged"`},
		"a shell's command":               {"; rm -rf /", `"; rm -rf /"`},
		"a shell's substitution":          {"a$(id)", `"a$(id)"`},
		"a NUL":                           {"a\x00b", `"a\x00b"`},
		"a line's end":                    {"a\n", `"a\n"`},
		"a terminal's escape":             {"\x1b[2J", `"\x1b[2J"`},
		"a look-alike of a letter":        {"dj\u0430ngo__django-1", `"dj\u0430ngo__django-1"`},
		"bytes that are not UTF-8":        {"a\xff", `"a\xff"`},
		"a reference":                     {"cli/cli:pr-1", `"cli/cli:pr-1"`},
		"a placeholder":                   {"{repo}", `"{repo}"`},
		"one byte too many":               {strings.Repeat("a", 201), "longer than 200 bytes"},
		"a megabyte, which is not echoed": {strings.Repeat("a", 1<<20), `aaa"… (1048576 bytes)`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := families.CheckID(tt.id)
			require.ErrorContains(t, err, tt.quoted)
			assert.Less(t, len(err.Error()), 300)
		})
	}
}
