// Package redact makes text that somebody else wrote safe to show: what a registry, a hub, an
// engine or a build says, and what a dataset, a manifest or a flag holds. Every such text passes it
// before it reaches a terminal, a record, a file or a page.
//
// What passes has a bounded length and valid UTF-8 without control characters, terminal escapes,
// characters that turn the direction of text or have no width, and separators of lines. It has no
// passwords of URLs, no tokens of the Hugging Face hub, and nothing that the log of a GitHub
// workflow takes for a command.
//
// The package knows neither Dagger nor registries.
package redact
