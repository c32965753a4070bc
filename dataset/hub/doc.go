// Package hub reads datasets of the Hugging Face hub.
//
// A dataset is a Git repository. [Client.Read] resolves a revision to a commit, finds
// the files of a split at that commit, downloads them one after the other and reads
// their rows. What it read is a [dataset.Source], which names the commit.
//
// A dataset's own Parquet and JSON Lines files come first. Where a split has none and
// no revision was asked for, the Parquet files count that the hub converts every
// dataset to: they are commits of the branch refs/convert/parquet of the same
// repository, so they can be read again by their commit as well. The hub makes them
// some time after a change, from the dataset's main branch.
// https://huggingface.co/docs/dataset-viewer/parquet
package hub
