package variant

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestClassicDockerfile(t *testing.T) {
	const text = `FROM a AS b
RUN --mount=type=cache,target=/x,sharing=locked \
    --mount=type=cache,target=/y \
    apt-get update
`
	assert.Equal(t, "FROM a AS b\nLABEL k=v\nRUN apt-get update\n", classic(text, "k=v"))
}
