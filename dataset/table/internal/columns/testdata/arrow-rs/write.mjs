// Writes the Parquet files of this directory with arrow-rs, Apache's writer in Rust, as parquet-wasm has it:
//
//	npm install parquet-wasm@0.8.0 apache-arrow@17.0.0
//	node write.mjs
//
// Its statistics say whether bounds are exact (fields 7 and 8), as pyarrow's do since version 25.
import { writeFileSync } from "node:fs";
import * as arrow from "apache-arrow";
import * as parquet from "parquet-wasm/node";

const rows = 30;
const each = (value) => Array.from({ length: rows }, (_, i) => value(i));
const text = new arrow.Utf8();
const struct = new arrow.Struct([new arrow.Field("bytes", new arrow.Binary(), true), new arrow.Field("path", text, true)]);
const list = new arrow.List(new arrow.Field("item", text, true));

const table = new arrow.Table({
	tests: arrow.vectorFromArray(each((i) => ["a", "b"].slice(0, i % 3)), list),
	instance_id: arrow.vectorFromArray(each((i) => `owner__name-${1000 + i}`), text),
	image: arrow.vectorFromArray(each((i) => ({ bytes: new Uint8Array([i]), path: `${i}.png` })), struct),
	repo: arrow.vectorFromArray(each((i) => `owner/name-${i % 7}`), new arrow.Dictionary(text, new arrow.Int32())),
	large: arrow.vectorFromArray(each((i) => "x".repeat(i % 20)), new arrow.LargeUtf8()),
	binary: arrow.vectorFromArray(each((i) => new TextEncoder().encode(`tag-${i}`)), new arrow.Binary()),
	nulls: arrow.vectorFromArray(each((i) => (i % 3 ? `note ${i}` : null)), text),
	none: arrow.vectorFromArray(each(() => null), text),
	number: arrow.vectorFromArray(each((i) => BigInt(i - 5)), new arrow.Int64()),
	small: arrow.vectorFromArray(each((i) => i % 9), new arrow.Int32()),
});

const { Compression, Encoding, WriterVersion } = parquet;
const codecs = {
	none: Compression.UNCOMPRESSED, snappy: Compression.SNAPPY, gzip: Compression.GZIP,
	brotli: Compression.BROTLI, zstd: Compression.ZSTD, lz4: Compression.LZ4_RAW,
};
const encodings = {
	instance_id: Encoding.DELTA_BYTE_ARRAY, large: Encoding.DELTA_LENGTH_BYTE_ARRAY, binary: Encoding.PLAIN,
	nulls: Encoding.DELTA_BYTE_ARRAY, number: Encoding.DELTA_BINARY_PACKED,
};
for (const [name, codec] of Object.entries(codecs)) {
	for (const [version, pages] of [[WriterVersion.V1, 1], [WriterVersion.V2, 2]]) {
		let properties = new parquet.WriterPropertiesBuilder()
			.setCompression(codec).setWriterVersion(version).setMaxRowGroupSize(20).setWriteBatchSize(8).setDataPageSizeLimit(100);
		for (const [column, encoding] of Object.entries(encodings)) {
			properties = properties.setColumnDictionaryEnabled(column, false).setColumnEncoding(column, encoding);
		}
		const stream = parquet.Table.fromIPCStream(arrow.tableToIPC(table, "stream"));
		writeFileSync(`${name}-${pages}.parquet`, parquet.writeParquet(stream, properties.build()));
	}
}
