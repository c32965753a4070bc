// Package dataset turns a benchmark's dataset and a selection into the list of
// instances to build images for. It neither fetches nor builds, so that a plan can be
// made and tested without network and engine.
//
//	.jsonl .json .parquet .txt
//	      │ table.Read
//	      ▼
//	[]table.Row ─► families.Family ─► Selection ────────► []Instance
//	               id, image,         ids, then sample,   ID, OfficialImage,
//	               custom part        then unique and     Custom, …
//	                                  sorted, then shard
//	             └──────────────── Resolve ────────────┘
//
// An instance is one task of a benchmark. Its official image is the image that the
// benchmark's authors publish for it. A family names its official images by one rule.
//
// Datasets are untrusted: ids pass an allow-list, image references a grammar, files have
// limits. Anything else is an error with file, line and column before anything
// is built.
package dataset
