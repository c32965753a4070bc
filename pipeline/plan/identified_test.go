package plan

import (
	"strings"

	"dagger/eval-images/dataset"
)

var thisWrap = &Wrap{Commands: [][]string{{"pip", "install", "this"}}}

const (
	commit      = "43376f1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	otherCommit = "43376f1bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	genuine     = "swebench/sweb.eval.x86_64.django_1776_django-11099:latest"
	evil        = "evil/sweb.eval.x86_64.django_1776_django-11099:latest"
)

// identified is a plan of one instance as a call makes it, with its official image.
func identified(sdk, dockerfile, official string) Plan {
	instance := dataset.Instance{ID: "django__django-11099", Repo: "django", OfficialImage: official, Custom: "django-11099"}
	names := Names{BuilderRepo: "r/builder", BaseRepo: "r/base", AgentRepo: "r/agent", Keys: NewKeys(sdk, dockerfile)}
	return NewPlan(names, []dataset.Instance{instance})
}

// made are the images of the plan's one item, as a run makes them.
func made(planned Plan) (builder, base, agent Image) {
	item, digest := planned.Items[0], "@sha256:"+strings.Repeat("a", 64)
	builder = Image{Phase: PhaseBuilder, Identity: planned.Identity}
	base = Image{Phase: PhaseBase, Identity: item.Identity.Base(), Official: item.Instance.OfficialImage + digest}
	agent = Image{Phase: PhaseAssemble, Identity: item.Identity, Official: item.Instance.OfficialImage + digest, Base: item.Base + digest}
	return builder, base, agent
}
