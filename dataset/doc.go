// Package dataset turns a benchmark's dataset and a selection into the list of
// instances to build images for. It reads and names; it neither fetches nor
// builds, so that a plan can be made and tested without network and engine.
//
//	.jsonl .json .parquet .txt
//	           │ Read
//	           ▼
//	        []Row ───► Family ───► Selection ────────► []Instance
//	                   id,         ids, then sample,   ID, OfficialImage,
//	                   image,      then unique and     Custom, …
//	                   custom      sorted, then shard
//	                 └────────── Resolve ──────────┘
//
// The terms are the field's: an instance is one task of a benchmark, its
// official image the one that the benchmark's authors publish for it, a family
// the benchmarks that name their official images by one rule.
//
// Everything in a dataset is taken for hostile: ids pass an allow-list, image
// references a grammar, files have limits, and what does not fit is refused with
// file, line and column before anything is built.
package dataset
