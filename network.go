package main

import "dagger/eval-images/dial"

// network reaches registries and hubs from a function's container, where localhost is the container itself.
var network = &dial.Network{Gateway: dial.EngineGateway}
