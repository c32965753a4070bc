package plan

import "encoding/json"

// Assembly is what an agent image adds to its base. All of it is applied, and all of it is in the
// hash, which tells one assembly from another.
type Assembly struct {
	// Path is the directory that is copied from the builder, to the same place.
	Path string
	// SDKVariable is the environment variable that has the identity of the agent server's SDK.
	SDKVariable string
	// Entrypoint starts the agent server.
	Entrypoint []string
}

// AgentServer is the assembly of all agent images.
var AgentServer = Assembly{
	Path:        "/agent-server",
	SDKVariable: "OPENHANDS_BUILD_GIT_SHA",
	Entrypoint:  []string{"/agent-server/.venv/bin/python", "-m", "openhands.agent_server"},
}

// plainAssembly is the key of the assembly whose images have no key in their tags: that of the
// images that are already in the field. A change of [AgentServer] must not change it, so that images
// with another assembly get other names.
const plainAssembly = "bda15c6"

// owner is the user and the group of the agent server's files. The SDK's Dockerfile sets it in the
// builder, and nothing here applies it. It is in the hash because it is in the names and labels of
// the images in the field.
const owner = 10001

// hash is SHA-256 of the assembly, in hexadecimal.
func (a Assembly) hash() string {
	return hashOf(plain(struct {
		Path        string
		UID, GID    int
		SDKVariable string
		Entrypoint  []string
	}{a.Path, owner, owner, a.SDKVariable, a.Entrypoint}))
}

// key is the hash as tags have it.
func (a Assembly) key() string { return short(a.hash()) }

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
