package plan

import "encoding/json"

// Assembly is what an agent image adds to its base. It is plain data, so that its hash can tell one
// assembly from another: whatever changes what is added belongs here.
type Assembly struct {
	// Path is the directory that comes from the builder, to the same place.
	Path string
	// UID and GID own all of it.
	UID, GID int
	// SDKVariable is the environment variable that tells which SDK the agent server is of.
	SDKVariable string
	// Entrypoint starts the agent server.
	Entrypoint []string
}

// DefaultAssembly is what this module adds.
var DefaultAssembly = Assembly{
	Path:        "/agent-server",
	UID:         10001,
	GID:         10001,
	SDKVariable: "OPENHANDS_BUILD_GIT_SHA",
	Entrypoint:  []string{"/agent-server/.venv/bin/python", "-m", "openhands.agent_server"},
}

// plainAssembly is the key of the assembly whose images go by the plain name: that of the images
// that are already in the field. It is written down, so that a change of [DefaultAssembly] shows in
// the names. It must never be changed with it.
const plainAssembly = "bda15c6"

// key is the first characters of the hash.
func (a Assembly) key() string { return short(a.hash()) }

// hash is SHA-256 of all there is, in hexadecimal. The zero value stands for the default.
func (a Assembly) hash() string {
	if a.Path == "" {
		a = DefaultAssembly
	}
	return hashOf(plain(a))
}

// keyOf is the first characters of a hash of plain data.
func keyOf(data any) string { return short(hashOf(plain(data))) }

// plain writes plain data, the same for the same data.
func plain(data any) []byte {
	text, err := json.Marshal(data)
	if err != nil {
		panic(err) // Only types that JSON cannot hold do this, and the callers' can.
	}
	return text
}
