package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"dagger/eval-images/engine"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/publish"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/reference"
)

// officialAccess is how the module itself reads official images in a run of this plan: with the credentials of
// --official-username, or with none. Those go to the one registry that has the official images, and nowhere else.
func (m *EvalImages) officialAccess(ctx context.Context, plan plan.Plan) (registry.Access, error) {
	access := registry.Access{ReadOnly: true, Network: engine.Network}
	if m.OfficialUsername == "" && m.OfficialPassword == nil {
		return access, nil
	}
	if m.OfficialUsername == "" || m.OfficialPassword == nil {
		return access, errors.New("--official-username and --official-password belong together: give both, or neither")
	}
	hosts := officialHosts(plan)
	if len(hosts) > 1 {
		return access, fmt.Errorf("--official-password is for one registry, but the official images are at %s", strings.Join(hosts, " and "))
	}
	access.Username, access.Host = m.OfficialUsername, hosts[0]
	var err error
	if access.Password, err = m.OfficialPassword.Plaintext(ctx); err != nil {
		return access, fmt.Errorf("reading --official-password: %w", err)
	}
	return access, nil
}

// officialHosts are the registries of a plan's official images.
func officialHosts(plan plan.Plan) (hosts []string) {
	for _, item := range plan.Items {
		if host := reference.Host(item.Instance.OfficialImage); !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// officialLogin gives the engine the credentials for official images, for what it reads itself.
func (m *EvalImages) officialLogin(ctx context.Context, access registry.Access, plan plan.Plan) error {
	if access.Username == "" || access.Host == reference.Host(m.BaseRepo) && m.RegistryPassword != nil {
		return nil // The engine has one password for a registry: that for pushing.
	}
	addresses, err := registry.EngineAddresses(registry.Target{Flag: "--official-password", Repository: reference.Name(plan.Items[0].Instance.OfficialImage)})
	if err != nil {
		return err
	}
	for _, address := range addresses {
		if _, err := dag.Container().WithRegistryAuth(address, m.OfficialUsername, m.OfficialPassword).Sync(ctx); err != nil {
			return fmt.Errorf("taking the credentials for %s: %w", access.Host, err)
		}
	}
	return nil
}

// checkMirror checks --mirror-repo, which nothing but the mirror of a shared recipe fills.
func (p publishing) checkMirror() error {
	switch {
	case p.mirrorRepo == "":
		return nil
	case p.shareBases == publish.ShareNever:
		return errors.New("--mirror-repo needs --share-bases evidence: official images are mirrored only then")
	}
	if err := reference.CheckRepository(p.mirrorRepo); err != nil {
		return fmt.Errorf("--mirror-repo: %w", err)
	}
	return nil
}

// mirror brings official images from other registries to the base images' repository, for a sharing of the recipe.
func (p publishing) mirror(m *EvalImages, client *registry.Client, sharing *publish.Sharing) *publish.Mirror {
	official := p.official
	official.Sender = p.login.hosts
	return &publish.Mirror{
		Target: client, Repository: m.BaseRepo, Elsewhere: []string{m.AgentRepo}, Access: official,
		Platform: string(engine.Platform), Evidence: sharing.Evidence, Named: p.mirrorRepo, Report: report,
	}
}
