// Package evidence decides from the entries of layers whether what a recipe added to one image may be
// put on another. It reads tar headers, knows no network, and answers with a yes or with the first
// reason for a no.
//
// The images, called the image and its sibling, stand on the same lower layers. Their own layers
// are above those. The recipe ran on the sibling and added further layers. Its result on the image
// would have been the same if the own layers of both are confined to places that the recipe neither
// reads nor writes, and if the added layers stay out of those places:
//
//   - The platform and the config are the same, labels aside, and the config has no shell of its
//     own: no SHELL, BASH_ENV or ENV. [Approved.Judge]
//   - What was read is what a runtime unpacks: the compressed bytes have the layer's digest, the
//     inflated ones its diff ID. [Inspect]
//   - Entries of the own layers are in the free places: directories in the root that are none of
//     the system's, and a short list of caches and environments. A place is not free if the recipe
//     names it, if a variable of the config leads into it, or if a link of the system does.
//     [Recipe]
//   - Directories outside the free places, which layers repeat as parents, have the attributes that
//     the layers below give them. Times do not count.
//   - Directories that the added layers repeat are the same in the image and in the sibling.
//   - No path of the added layers is a path of the own ones, or leads to one.
//   - Paths mean one thing: no "..", no link or file as a parent, no directory that becomes
//     something else.
//   - Hard links stay in their layer and in the free places. Devices, pipes, paths that occur
//     twice, unknown extensions and malformed archives are refused.
//   - The added layers have nothing in the free places but their directories, unchanged.
//   - Git's configuration in /root/.gitconfig, the one file whose contents are read, has nothing but
//     a name and an address, and no lower layer has one.
//
// An [Examiner] judges by that for one recipe. What does not depend on the image is looked at once:
// the layers that images share, and what the recipe added to the sibling. A [Layer] takes some
// bytes for each entry outside the free places, so a run can know hundreds of systems.
//
// What it cannot see is what a recipe reads without a trace: the working directory, or the contents
// of a configuration file that leads into a free place. [Differences] compares the layers that an
// image would get with those that the recipe adds to it, file by file.
package evidence
