package reference_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/reference"
)

func TestCheckAcceptsWhatRegistriesTake(t *testing.T) {
	for _, text := range []string{
		"docker.io/swebench/sweb.eval.x86_64.django_1776_django-12155:latest",
		"docker.io/xingyaoww/sweb.eval.x86_64.project-monai_s_monai-6446",
		"docker.io/jefzda/sweap-images:nodebb.nodebb-NodeBB__NodeBB-0499",
		"localhost/image:v1",
		"localhost:5000/image:v1",
		"registry:5000/a/b/c",
		"REGISTRY.example.com/image",
		"image",
		"a__b/c--d:_",
		"[::1]:5000/image:v1",
		"docker.io/" + strings.Repeat("x", 245),
		"docker.io/image@sha256:" + strings.Repeat("0", 64),
		"docker.io/image:v1@sha256:" + strings.Repeat("f", 64),
		"docker.io/image:" + strings.Repeat("t", 128),
	} {
		assert.NoError(t, reference.Check(text), text)
	}
}

func TestCheckRefusesEverythingElse(t *testing.T) {
	tests := map[string]string{
		"nothing":                         "",
		"capitals in the path":            "docker.io/Django/image",
		"capitals where a host could be":  "Project-MONAI/monai",
		"two dots":                        "docker.io/a..b",
		"three underscores":               "docker.io/a___b",
		"a separator at the end":          "docker.io/a_1776_:latest",
		"a path upwards":                  "docker.io/../x",
		"an empty segment":                "docker.io//x",
		"an empty tag":                    "docker.io/x:",
		"two tags":                        "docker.io/x:a:b",
		"a tag that begins with a dash":   "docker.io/x:-a",
		"a tag of 129 characters":         "docker.io/x:" + strings.Repeat("t", 129),
		"a name of 256 bytes":             "docker.io/" + strings.Repeat("x", 246),
		"a megabyte":                      strings.Repeat("x", 1<<20),
		"another digest":                  "docker.io/x@md5:" + strings.Repeat("0", 32),
		"a short digest":                  "docker.io/x@sha256:0",
		"a scheme":                        "https://docker.io/x",
		"credentials":                     "user:password@docker.io/x",
		"white space":                     "docker.io/x y",
		"a line's end":                    "docker.io/x\n",
		"a look-alike of a letter":        "docker.io/\u0430",
		"a placeholder that was not used": "docker.io/{repo}",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			assert.ErrorContains(t, reference.Check(text), "image reference")
		})
	}
}

func TestAReferenceWithCapitalsIsToldToBeLowerCase(t *testing.T) {
	for _, text := range []string{"docker.io/Django/image:latest", "Project-MONAI/monai", "localhost:5000/A", "docker.io/x/Y@sha256:" + strings.Repeat("0", 64)} {
		assert.ErrorContains(t, reference.Check(text), "has capitals in its path, which must be lower-case")
	}
	for _, text := range []string{"docker.io/Django//image", "docker.io/\u212a", "docker.io/A:", "https://docker.io/X"} {
		assert.ErrorContains(t, reference.Check(text), "is not of the form host/path:tag", "it is wrong in lower case too")
	}
}

func TestCheckRepository(t *testing.T) {
	for _, repository := range []string{"ghcr.io/openhands/eval-base", "localhost:5000/a", "R.example/a", "a", "localhost/a", "[::1]:5000/a"} {
		assert.NoError(t, reference.CheckRepository(repository), repository)
	}
	for repository, reason := range map[string]string{
		"ghcr.io/OpenHands/agent":                `"ghcr.io/OpenHands/agent" is not a repository: its path must be lower-case`,
		"Me/agent":                               "must be lower-case",
		"ghcr.io/Me/agent:v1":                    "is not of the form host/path, without a tag",
		"ghcr.io/me/agent:v1":                    "is not of the form host/path, without a tag",
		"localhost:5000":                         "is not of the form host/path, without a tag",
		"me/a@sha256:" + strings.Repeat("0", 64): "is not of the form host/path, without a tag",
		"":                                       "is not of the form host/path, without a tag",
		"ghcr.io/\u043epenhands":                 `"ghcr.io/\u043epenhands" is not a repository: it is not of the form host/path, without a tag`,
	} {
		assert.ErrorContains(t, reference.CheckRepository(repository), reason, repository)
	}
}
