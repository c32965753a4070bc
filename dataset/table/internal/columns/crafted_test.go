package columns_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadOfPagesMadeByHand(t *testing.T) {
	tests := map[string]struct {
		file crafted
		want []*string
	}{
		"nullable values with packed levels": {
			// 0b101 in a group of 8 levels
			crafted{rows: 3, nullable: true, pages: dataPage(3, plainEncoding, join(levels(0x03, 0b101), plain("a", "c")))},
			[]*string{text("a"), nil, text("c")},
		},
		"nullable values with repeated levels": {
			crafted{rows: 3, nullable: true, pages: dataPage(3, plainEncoding, join(levels(2<<1, 1, 1<<1, 0), plain("a", "b")))},
			[]*string{text("a"), text("b"), nil},
		},
		"only nulls": {
			crafted{rows: 2, nullable: true, pages: dataPage(2, dictionaryIndexes, levels(2<<1, 0))},
			[]*string{nil, nil},
		},
		"a dictionary and pages of both kinds": {
			crafted{rows: 4, pages: join(
				dictionaryPage(2, plain("x", "y")),
				dataPage(3, plainDictionary, []byte{1, 0x03, 0b010}),
				dataPage(1, plainEncoding, plain("z")),
			)},
			[]*string{text("x"), text("y"), text("x"), text("z")},
		},
		"a dictionary of one value, whose indexes have no bits": {
			crafted{rows: 3, pages: join(dictionaryPage(1, plain("x")), dataPage(3, dictionaryIndexes, []byte{0, 3 << 1}))},
			[]*string{text("x"), text("x"), text("x")},
		},
		"a page without values between others": {
			crafted{rows: 2, pages: join(
				dataPage(1, plainEncoding, plain("a")), dataPage(0, plainEncoding, nil), dataPage(1, plainEncoding, plain("b")),
			)},
			[]*string{text("a"), text("b")},
		},
		"a page of the second version with levels": {
			crafted{rows: 3, nullable: true, pages: page(fields{1: dataPagesV2, 2: int32(12), 8: dataHeaderV2(3, plainEncoding, 2)},
				join([]byte{0x03, 0b101}, plain("a", "c")))},
			[]*string{text("a"), nil, text("c")},
		},
		"a page of the second version that is nothing but nulls, compressed to nothing": {
			crafted{rows: 3, nullable: true, codec: gzipCodec, pages: page(
				fields{1: dataPagesV2, 2: int32(2), 8: dataHeaderV2(3, dictionaryIndexes, 2)}, []byte{3 << 1, 0})},
			[]*string{nil, nil, nil},
		},
		"empty values, which are not null": {
			crafted{rows: 2, nullable: true, pages: dataPage(2, plainEncoding, join(levels(2<<1, 1), plain("", "a")))},
			[]*string{text(""), text("a")},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, _, err := read(tt.file.file(), "id")
			require.NoError(t, err)
			assert.Equal(t, tt.want, got["id"])
		})
	}
}
