package dial

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGateway(t *testing.T) {
	const head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
	tests := map[string]struct{ routes, gateway string }{
		"is where the default route leads":  {head + "eth0\t0000570A\t00000000\t0001\neth0\t00000000\t0100570A\t0003\n", "10.87.0.1"},
		"is none without such a route":      {head + "eth0\t0000570A\t00000000\t0001\n", ""},
		"is none in a file of another form": {"hello\nworld 00000000 xyz\n", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "route")
			require.NoError(t, os.WriteFile(path, []byte(test.routes), 0o600))
			assert.Equal(t, test.gateway, gateway(path))
		})
	}
	assert.Empty(t, gateway("/no/such/file"))
}
