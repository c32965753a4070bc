package harness

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// EngineRegistry is the local registry as the engine reaches it: both share a network namespace.
const EngineRegistry = "localhost:5000"

// HostRegistry is the same registry as this machine reaches it, from out/registry.
var HostRegistry string

// Root of the project.
var Root string

// Main is what every package of end-to-end tests has for its TestMain.
func Main(m *testing.M) {
	if err := ready(); err != nil {
		// Not a skip: a machine without an engine must not look like a project whose tests pass.
		fmt.Fprintf(os.Stderr, "e2e: %v. `make test` starts what these tests need.\n", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// ready finds the project, the engine's CLI and the registry.
func ready() error {
	var err error
	if Root, err = projectRoot(); err != nil {
		return err
	}
	cli, err := exec.LookPath("dagger")
	if err != nil {
		return fmt.Errorf("finding the dagger CLI: %w", err)
	}
	// The Go client would download a CLI otherwise.
	if err := os.Setenv("_EXPERIMENTAL_DAGGER_CLI_BIN", cli); err != nil {
		return err
	}
	address, err := os.ReadFile(filepath.Join(Root, "out", "registry"))
	if err != nil {
		return fmt.Errorf("finding the local registry: %w", err)
	}
	HostRegistry = strings.TrimSpace(string(address))
	client := http.Client{Timeout: 5 * time.Second}
	answer, err := client.Get("http://" + HostRegistry + "/v2/")
	if err != nil {
		return fmt.Errorf("asking the local registry: %w", err)
	}
	return answer.Body.Close()
}

// projectRoot is the directory of dagger.json, which is this one or one above it.
func projectRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "dagger.json")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("finding the project: no directory above has a dagger.json")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}
