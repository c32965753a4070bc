package columns

// The limits of what is read. Together they bound the memory to a few times
// maxChunk and the time to what maxTotal takes, whatever the file says.
const (
	// maxFooter is the largest metadata read, in bytes. A file of 60,000 rows has
	// some 100 KiB.
	maxFooter = 16 << 20
	// maxElements is the most list elements in one metadata structure; decoded,
	// each may take half a KiB.
	maxElements = 1 << 18
	// maxSchema is the most elements of a schema, which may be nested as deep.
	maxSchema = 1 << 12
	// maxDepth is how deep metadata structures may be nested; the format's own
	// go to 8.
	maxDepth = 16
	// maxHeader is the largest page header read, in bytes. It holds statistics,
	// which writers keep far below.
	maxHeader = 1 << 20
	// usualHeader is what most page headers stay below, in bytes.
	usualHeader = 4 << 10
	// maxChunk is the most bytes of one column in one row group. They are read at
	// once.
	maxChunk = 256 << 20
	// maxPage is the largest page read, decompressed, in bytes. Most writers stay
	// near 1 MiB, some go up to 100 MB.
	maxPage = 128 << 20
	// maxWindow is how far back a Zstandard page may refer, in bytes. Level 19 uses
	// 8 MiB.
	maxWindow = 32 << 20
	// maxBlock is the most values in a block of differences. Writers use 128.
	maxBlock = 1 << 16
	// maxTotal is how much is read of a file, in bytes: its chunks, their pages
	// decompressed, and the values that are put together from others. Row groups may
	// share pages, so a small file can ask for more than any large one has.
	maxTotal = 8 << 30
	// maxPages is the most pages of a file. Empty ones add nothing to maxTotal. A
	// writer that fills pages of 256 KiB makes 4 of each MiB.
	maxPages = 1 << 17
)
