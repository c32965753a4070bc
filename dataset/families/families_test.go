package families_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
	"dagger/eval-images/dataset/families"
	"dagger/eval-images/dataset/table"
)

// naming is one row of a dataset, with the names that it must get.
type naming struct {
	name   string
	row    table.Row
	id     string // empty: the row's
	image  string
	custom string
}

// family returns the family of that name.
func family(t testing.TB, name string) families.Family {
	t.Helper()
	found, err := families.ByName(name)
	require.NoError(t, err)
	return found
}

// rowsOf returns rows of the ids.
func rowsOf(ids ...string) []table.Row {
	var rows []table.Row
	for _, id := range ids {
		rows = append(rows, table.Row{InstanceID: id})
	}
	return rows
}

func TestEveryFamilyNamesItsImages(t *testing.T) {
	tables := map[string][]naming{
		"swebench": {
			{
				name:   "django",
				row:    table.Row{InstanceID: "django__django-12155"},
				image:  "docker.io/swebench/sweb.eval.x86_64.django_1776_django-12155:latest",
				custom: "sweb.eval.x86_64.django_1776_django-12155",
			},
			{
				name:   "an owner with a dash",
				row:    table.Row{InstanceID: "sphinx-doc__sphinx-10325"},
				image:  "docker.io/swebench/sweb.eval.x86_64.sphinx-doc_1776_sphinx-10325:latest",
				custom: "sweb.eval.x86_64.sphinx-doc_1776_sphinx-10325",
			},
			{
				name:   "every __ is replaced, as SWE-bench's harness does",
				row:    table.Row{InstanceID: "a__b__c___d-1"},
				image:  "docker.io/swebench/sweb.eval.x86_64.a_1776_b_1776_c_1776__d-1:latest",
				custom: "sweb.eval.x86_64.a_1776_b_1776_c_1776__d-1",
			},
		},
		"swtbench": {{
			name:   "as swebench",
			row:    table.Row{InstanceID: "astropy__astropy-12907"},
			image:  "docker.io/swebench/sweb.eval.x86_64.astropy_1776_astropy-12907:latest",
			custom: "sweb.eval.x86_64.astropy_1776_astropy-12907",
		}},
		"multimodal": {{
			name:   "capitals become small",
			row:    table.Row{InstanceID: "Automattic__wp-calypso-21648"},
			image:  "docker.io/swebench/sweb.eval.x86_64.automattic_1776_wp-calypso-21648:latest",
			custom: "sweb.eval.x86_64.automattic_1776_wp-calypso-21648",
		}},
		"multilingual": {{
			name:   "a dot in the repository",
			row:    table.Row{InstanceID: "preactjs__preact-2757.x"},
			image:  "docker.io/swebench/sweb.eval.x86_64.preactjs_1776_preact-2757.x:latest",
			custom: "sweb.eval.x86_64.preactjs_1776_preact-2757.x",
		}},
		"swegym": {{
			name:   "capitals become small, and there is no tag",
			row:    table.Row{InstanceID: "Project-MONAI__MONAI-6446"},
			image:  "docker.io/xingyaoww/sweb.eval.x86_64.project-monai_s_monai-6446",
			custom: "sweb.eval.x86_64.project-monai_s_monai-6446",
		}},
		"swesmith": {
			{
				name:   "the registry is put before the column",
				row:    table.Row{InstanceID: "oauthlib__oauthlib.1fd52536.combine_file__09vlzwgc", ImageName: " jyangballin/swesmith.x86_64.oauthlib_1776_oauthlib.1fd52536\n"},
				image:  "docker.io/jyangballin/swesmith.x86_64.oauthlib_1776_oauthlib.1fd52536",
				custom: "swesmith.x86_64.oauthlib_1776_oauthlib.1fd52536",
			},
			{
				name:   "a registry that is there stays",
				row:    table.Row{InstanceID: "a__b.1.c__1", ImageName: "Docker.io/SWEbench/swesmith.x86_64.a_1776_b.1"},
				image:  "docker.io/swebench/swesmith.x86_64.a_1776_b.1",
				custom: "swesmith.x86_64.a_1776_b.1",
			},
		},
		"pro": {
			{
				name:   "the image keeps its capitals, custom does not",
				row:    table.Row{InstanceID: "instance_NodeBB__NodeBB-0499-vnan", DockerhubTag: "nodebb.nodebb-NodeBB__NodeBB-0499"},
				image:  "docker.io/jefzda/sweap-images:nodebb.nodebb-NodeBB__NodeBB-0499",
				custom: "nodebb.nodebb-nodebb__nodebb-0499",
			},
			{
				name:   "custom of exactly 96 characters stays whole",
				row:    table.Row{InstanceID: "i", DockerhubTag: "A" + strings.Repeat("b", 95)},
				image:  "docker.io/jefzda/sweap-images:A" + strings.Repeat("b", 95),
				custom: "a" + strings.Repeat("b", 95),
			},
			{
				name: "a longer custom is cut and gets the sha1 of the tag as it was",
				row: table.Row{
					InstanceID:   "instance_qutebrowser__qutebrowser-e34dfc68647d087ca3175d9ad3f023c30d8c9746-v363c8a7e5ccdf6968fc7ab84a2053ac780366",
					DockerhubTag: "qutebrowser.qutebrowser-qutebrowser__qutebrowser-e34dfc68647d087ca3175d9ad3f023c30d8c9746-v363c8a7e5ccdf6968fc7ab84a2053ac780366",
				},
				image:  "docker.io/jefzda/sweap-images:qutebrowser.qutebrowser-qutebrowser__qutebrowser-e34dfc68647d087ca3175d9ad3f023c30d8c9746-v363c8a7e5ccdf6968fc7ab84a2053ac780366",
				custom: "qutebrowser.qutebrowser-qutebrowser__qutebrowser-e34dfc68647d087ca3175d9ad3f023c30d-c11dc8877212",
			},
			{
				name:   "dots and dashes are stripped at both ends, and before the sha1",
				row:    table.Row{InstanceID: "i", DockerhubTag: strings.Repeat("a", 80) + "..-" + strings.Repeat("b", 40)},
				image:  "docker.io/jefzda/sweap-images:" + strings.Repeat("a", 80) + "..-" + strings.Repeat("b", 40),
				custom: strings.Repeat("a", 80) + "-b4c0c24d1da2",
			},
		},
		"multiswebench": {
			{
				name:   "org and repo in columns of their own",
				row:    table.Row{InstanceID: "alibaba__fastjson2-1245", Org: "alibaba", Repo: "fastjson2"},
				image:  "docker.io/mswebench/alibaba_m_fastjson2:base",
				custom: "alibaba_m_fastjson2-base",
			},
			{
				name:   "org and repo in one column",
				row:    table.Row{InstanceID: "BurntSushi__ripgrep-723", Repo: "BurntSushi/ripgrep"},
				image:  "docker.io/mswebench/burntsushi_m_ripgrep:base",
				custom: "burntsushi_m_ripgrep-base",
			},
		},
		"commit0": {
			{
				name:   "the id is the repository without its owner",
				row:    table.Row{InstanceID: "commit-0/web3.py", Repo: "commit-0/web3.py"},
				id:     "web3.py",
				image:  "docker.io/wentingzhao/web3.py:v0",
				custom: "commit0-web3.py",
			},
			{
				name:   "a list of ids has the repository as id",
				row:    table.Row{InstanceID: "PyBoy"},
				image:  "docker.io/wentingzhao/pyboy:v0",
				custom: "commit0-pyboy",
			},
		},
	}
	for _, family := range families.All() {
		require.NotEmpty(t, tables[family.Name], "family %s has no table", family.Name)
		for _, tt := range tables[family.Name] {
			t.Run(family.Name+": "+tt.name, func(t *testing.T) {
				result, err := dataset.Resolve([]table.Row{tt.row}, dataset.Options{Family: family})
				require.NoError(t, err)
				require.Len(t, result.Instances, 1)
				instance := result.Instances[0]
				if tt.id == "" {
					tt.id = tt.row.InstanceID
				}
				assert.Equal(t, tt.id, instance.ID)
				assert.Equal(t, tt.image, instance.OfficialImage)
				assert.Equal(t, tt.custom, instance.Custom)
			})
		}
	}
}
