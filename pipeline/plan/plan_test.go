package plan

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
)

// TestAPlanGivesEveryImageANameOfItsOwn: the parts of two tags may differ, and the tags that they
// make may not.
func TestAPlanGivesEveryImageANameOfItsOwn(t *testing.T) {
	instance := func(id, repo, custom string) dataset.Instance {
		return dataset.Instance{ID: id, Repo: repo, Custom: custom}
	}
	tests := map[string]struct {
		names     Names
		instances []dataset.Instance
		says      []string // empty: the plan is fine
	}{
		"instances with images of their own are fine": {
			Names{Tags: []string{"nightly"}}, []dataset.Instance{instance("a", "", "a"), instance("b", "", "b")}, nil,
		},
		"repositories that are one are fine": {
			Names{BuilderRepo: "r/one", BaseRepo: "r/one", AgentRepo: "r/one"}, []dataset.Instance{instance("a", "", "a"), instance("b", "", "b")}, nil,
		},
		"a tag that is the images' own is fine, as it is the same image": {
			Names{Tags: []string{"43376f1-93c33d0"}}, []dataset.Instance{instance("a", "", "a")}, nil,
		},
		"a wrapped instance and one without a wrap on one official image": {
			Names{}, []dataset.Instance{instance("sphinx-doc__sphinx-1", "sphinx-doc", "x"), instance("evil__x-1", "evil", "x")},
			[]string{"sphinx-doc__sphinx-1", "evil__x-1", "eval-base:93c33d0-x"},
		},
		"one instance on two official images whose last path segment is the same": {
			Names{}, []dataset.Instance{
				{ID: "one", OfficialImage: "r.io/good/x", Custom: "x"}, {ID: "one", OfficialImage: "r.io/evil/x", Custom: "x"},
			},
			[]string{"base one on r.io/good/x and on r.io/evil/x leads to one tag", "eval-base:93c33d0-x"},
		},
		"a further tag that gives another instance's own name": {
			Names{AgentRepo: "r/agent", Tags: []string{"43376f1-93c33d0-a"}}, []dataset.Instance{instance("one", "", "a-b"), instance("two", "", "b")},
			[]string{"one", "two", "r/agent:43376f1-93c33d0-a-b-source-minimal"},
		},
		"a further tag that begins with another one's": {
			Names{AgentRepo: "r/agent", Tags: []string{"nightly", "nightly-a"}}, []dataset.Instance{instance("one", "", "a-b"), instance("two", "", "b")},
			[]string{"one", "two", "r/agent:nightly-a-b-source-minimal"},
		},
		"a base image and an agent image in one repository": {
			Names{BaseRepo: "r/one", AgentRepo: "r/one", Tags: []string{"93c33d0"}},
			[]dataset.Instance{instance("one", "", "x-source-minimal"), instance("two", "", "x")},
			[]string{"one", "two", "r/one:93c33d0-x-source-minimal"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.names.Keys == (Keys{}) {
				test.names.Keys = fieldKeys
			}
			err := NewPlan(test.names, test.instances).Check()
			if test.says == nil {
				require.NoError(t, err)
				return
			}
			for _, part := range test.says {
				require.ErrorContains(t, err, part)
			}
		})
	}
	t.Run("of tags that are cut, which differ at their ends", func(t *testing.T) {
		long := strings.Repeat("a", 200)
		plan := NewPlan(Names{Keys: fieldKeys}, []dataset.Instance{instance("one", "", long+"1"), instance("two", "", long+"2")})
		require.NoError(t, plan.Check())
		assert.Len(t, plan.Items[0].Agent, len(DefaultAgentRepo)+1+maxTag)
	})
}
