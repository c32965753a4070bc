// Package columns reads columns of text from a Parquet file
// (https://parquet.apache.org/docs/file-format/) that may be hostile.
//
// github.com/apache/arrow-go decodes the pages, in all encodings and codecs. It trusts a file in
// places: it allocates what a page's header declares, and loops forever if levels or indexes run
// out. So this package checks metadata, headers and pages before arrow-go sees them, and gives it
// an allocator with a budget and codecs that stop where a page should end.
package columns
