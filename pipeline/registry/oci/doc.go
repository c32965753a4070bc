// Package oci reads the manifests and configs of images, and composes new images from them. It
// sends no requests.
package oci
