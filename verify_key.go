package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"dagger/eval-images/internal/dagger"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/run"
	"dagger/eval-images/signature"
)

// verifyKey reads --verify-key; nil if it is not given.
func verifyKey(ctx context.Context, file *dagger.File) (key *signature.Key, err error) {
	if file == nil {
		return nil, nil
	}
	err = withLocalFile(ctx, file, func(_ string, file *os.File, _ int64) error {
		pem, err := io.ReadAll(io.LimitReader(file, signature.MaxKey+1))
		if err != nil {
			return err
		}
		key, err = signature.ReadKey(pem)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading --verify-key: %w", err)
	}
	return key, nil
}

// signatures checks the signatures of images in these repositories by the key. The engine does not show signatures,
// so a registry client reads them, whoever publishes: the given one, or a new one that only reads. Without a key
// there is nothing to check, and it returns nil.
func signatures(
	ctx context.Context, key *signature.Key, client *registry.Client, login *credentials, repositories ...string,
) (run.Signatures, error) {
	if key == nil {
		return nil, nil
	}
	if client == nil {
		access, err := login.access(ctx)
		if err != nil {
			return nil, err
		}
		access.ReadOnly = true
		client, err = open(ctx, access, repositories...)
		if errors.Is(err, registry.ErrRefused) {
			return nil, advised(err)
		}
		if err != nil {
			return nil, fmt.Errorf("--verify-key: signatures cannot be read from the registry: %w", explained(err))
		}
	}
	return &registry.Signatures{Client: client, Key: key}, nil
}
