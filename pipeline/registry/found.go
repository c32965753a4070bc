package registry

// Found is a manifest that a registry has.
type Found struct {
	// Digest of the manifest, "sha256:…".
	Digest string
	// Annotations of the manifest. Nil for an index, and for a head.
	Annotations map[string]string
	// HeadOnly says that the registry was asked for the head of the manifest, which tells the
	// digest and nothing else.
	HeadOnly bool
}
