package columns

// Limits for reading. Together they bound the memory to a few times maxChunk, and the time to that
// for maxTotal, whatever the file declares.
const (
	// maxFooter is the maximum size of metadata in bytes. A file of 60,000 rows has some 100 KiB.
	maxFooter = 16 << 20
	// maxElements is the maximum number of list elements in one metadata structure; decoded, each
	// may take half a KiB.
	maxElements = 1 << 18
	// maxSchema is the maximum number of elements of a schema, and so its maximum depth.
	maxSchema = 1 << 12
	// maxDepth is the maximum depth of metadata structures; the format's own go to 8.
	maxDepth = 16
	// maxHeader is the maximum size of a page header in bytes. It holds statistics, which writers
	// keep far smaller.
	maxHeader = 1 << 20
	// usualHeader exceeds the size of most page headers, in bytes.
	usualHeader = 4 << 10
	// maxChunk is the maximum size of one column in one row group, in bytes. It is read at once.
	maxChunk = 256 << 20
	// maxPage is the maximum size of a decompressed page in bytes. Most writers stay near 1 MiB,
	// some go up to 100 MB.
	maxPage = 128 << 20
	// maxWindow is how far back a Zstandard page may refer, in bytes. Level 19 uses 8 MiB.
	maxWindow = 32 << 20
	// maxBlock is the maximum number of values in a block of differences. Writers use 128.
	maxBlock = 1 << 16
	// maxTotal is the maximum amount read from a file, in bytes: its chunks, their decompressed
	// pages, and the values built from others. Row groups may share pages, so a small file can ask
	// for more than any large one has.
	maxTotal = 8 << 30
	// maxPages is the maximum number of pages of a file. Empty pages add nothing to maxTotal. A
	// writer that fills pages of 256 KiB makes 4 per MiB.
	maxPages = 1 << 17
)
