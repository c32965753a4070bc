package dataset

import (
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMT19937IsTheGeneratorOfTheCPlusPlusStandard(t *testing.T) {
	// [rand.predef]: the 10,000th number of mt19937 with its default seed.
	generator := newMT19937(5489)
	for range 9_999 {
		generator.next()
	}
	assert.Equal(t, uint32(4123659995), generator.next())
}

func TestAPermutationWorkedByHand(t *testing.T) {
	generator := newMT19937(42)
	var words []uint32
	for range 4 {
		words = append(words, generator.next())
	}
	assert.Equal(t, []uint32{1608637542, 3421126067, 4083286876, 787846414}, words)

	// Of 0 1 2 3, the shuffle fills the places from the last one on, with words cut to the bits of
	// the place's number:
	//
	//	place 3: 1608637542 & 3 = 2                                    swap 3 and 2: 0 1 3 2
	//	place 2: 3421126067 & 3 = 3, above 2; 4083286876 & 3 = 0       swap 2 and 0: 3 1 0 2
	//	place 1: 787846414 & 1 = 0                                     swap 1 and 0: 1 3 0 2
	assert.Equal(t, []int{1, 3, 0, 2}, permutation(4, 42))
}

// The expected values are those of NumPy 1.24.2:
//
//	p = numpy.random.RandomState(seed).permutation(n)
//	p[:8], hashlib.sha256(" ".join(map(str, p)).encode()).hexdigest()
func TestPermutationsAreNumPys(t *testing.T) {
	tests := []struct {
		n      int
		seed   uint32
		begins []int
		sha256 string
	}{
		{10, 42, []int{8, 1, 5, 0, 7, 2, 9, 4, 3, 6}, "50d438d8d9cc3b14748fabc7ccab79f7b587258d21e47424569adf0dcea75d1c"},
		{10, 0, []int{2, 8, 4, 9, 1, 6, 7, 3, 0, 5}, "4c2f302de0a055c244f8fff4143faa103c2822cb4a12d0a8d51984a3f408343a"},
		{10, 1, []int{2, 9, 6, 4, 0, 3, 1, 7, 8, 5}, "a33de05ed3e142be7b77ea9bf59d6fca86b5d6ebc61d168d5e89ee941d2a5a19"},
		{10, 4294967295, []int{6, 9, 5, 1, 8, 0, 7, 4, 2, 3}, "2f04a0224091c617d8d8fce2817171c71dd65bd55221192c858fc0f9b515760e"},
		{500, 42, []int{361, 73, 374, 155, 104, 394, 377, 124}, "db44b4ce87175812f0500812fa212de314ff3f40407ad1f73d15e99151ac83ab"},
		{500, 0, []int{90, 254, 283, 445, 461, 15, 316, 489}, "5b82986e104570814a14a58f85d8f31fde6b30e79b3cc4f75857c7ab1c8e2447"},
		{500, 1, []int{304, 340, 47, 67, 479, 485, 310, 31}, "11fb1e3b0958402279960f946e19c45789b0ec5a463b105f702fbc99e1ae6082"},
		{500, 4294967295, []int{115, 186, 86, 315, 173, 197, 59, 464}, "148ec12dbeba01b39745b9034ab4d3195df6872892b7a0fcad2197b369667aed"},
		{2438, 42, []int{443, 2075, 1366, 259, 2164, 2144, 528, 964}, "5cd8e96ddbda46623b74bbf1f3069caa701d6f3b5c09d6c9430fe051ffe3d06b"},
		{2438, 0, []int{2431, 2403, 638, 2393, 135, 518, 314, 905}, "5b9313071a525aeb19539d6f4bdf45501d8cd23927540776472b1dcc892a3e16"},
		{2438, 1, []int{1518, 2409, 870, 1893, 790, 2269, 306, 2066}, "0d5e9cc075d1610af1e50a0d38faa89d64eb6b91df6ba5ed7f36aef12cfed779"},
		{2438, 4294967295, []int{2009, 2034, 1258, 26, 1776, 1531, 615, 248}, "935ca34b40bb738e668b35952aab01857d858b3084af03c11f780c5de8853fa5"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d rows with seed %d", tt.n, tt.seed), func(t *testing.T) {
			got := permutation(tt.n, tt.seed)
			assert.Equal(t, tt.begins, got[:len(tt.begins)])
			assert.Equal(t, tt.sha256, fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Trim(fmt.Sprint(got), "[]")))))
		})
	}
}

func TestAPermutationHasEveryNumberOnce(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 623, 624, 625, 5000} {
		got := permutation(n, math.MaxUint32)
		slices.Sort(got)
		for i, number := range got {
			assert.Equal(t, i, number)
		}
		assert.Len(t, got, n)
	}
}
