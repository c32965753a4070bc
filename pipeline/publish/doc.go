// Package publish is what a run publishes with: it composes agent images in the registry, lets base
// images share the recipe's layers, and asks the registry itself what the Dagger engine does not
// show.
package publish
