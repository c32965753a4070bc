// Package hub reads datasets of the Hugging Face hub.
//
// A dataset is a Git repository. [Client.Read] resolves a revision to a commit, finds
// the files of a split at that commit, downloads them one after the other and reads
// their rows. It returns them with a [dataset.Source], which names the commit.
//
// It reads a dataset's own Parquet and JSON Lines files first. If a split has none and no
// revision was asked for, it reads the Parquet files to which the hub converts every
// dataset. They are on the branch refs/convert/parquet of the same repository, so their
// commit can be read again as well. The hub makes them some time after a change of the
// dataset's main branch.
// https://huggingface.co/docs/dataset-viewer/parquet
package hub
