package engine

import "dagger/eval-images/dial"

// Network reaches registries and hubs from a function's container, where localhost is the container
// itself.
var Network = &dial.Network{Gateway: dial.EngineGateway}
