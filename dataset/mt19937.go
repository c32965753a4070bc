package dataset

import "math/bits"

const (
	mtWords = 624 // of 32 bits, in the state
	mtShift = 397
)

// mt19937 is the Mersenne Twister with words of 32 bits, seeded by init_genrand:
// the generator behind NumPy's RandomState(seed).
// http://www.math.sci.hiroshima-u.ac.jp/m-mat/MT/MT2002/CODES/mt19937ar.c
type mt19937 struct {
	state [mtWords]uint32
	used  int // words of the state already returned
}

func newMT19937(seed uint32) *mt19937 {
	m := &mt19937{used: mtWords}
	m.state[0] = seed
	for i := 1; i < mtWords; i++ {
		before := m.state[i-1]
		m.state[i] = 1812433253*(before^before>>30) + uint32(i)
	}
	return m
}

// next returns the next 32 random bits.
func (m *mt19937) next() uint32 {
	if m.used == mtWords {
		m.twist()
	}
	word := m.state[m.used]
	m.used++
	word ^= word >> 11
	word ^= word << 7 & 0x9d2c5680
	word ^= word << 15 & 0xefc60000
	return word ^ word>>18
}

// twist makes the next mtWords words of the state.
func (m *mt19937) twist() {
	for i := range m.state {
		mixed := m.state[i]&0x80000000 | m.state[(i+1)%mtWords]&0x7fffffff
		m.state[i] = m.state[(i+mtShift)%mtWords] ^ mixed>>1 ^ mixed&1*0x9908b0df
	}
	m.used = 0
}

// upTo returns a number from 0 to limit, inclusive. It masks words to the bits of limit until one
// is at most limit.
func (m *mt19937) upTo(limit uint32) uint32 {
	mask := uint32(1)<<bits.Len32(limit) - 1
	for {
		if number := m.next() & mask; number <= limit {
			return number
		}
	}
}

// permutation returns 0 to n-1 in the order of NumPy's
// RandomState(seed).permutation(n): a Fisher-Yates shuffle from the end. NumPy
// promises never to change it:
// https://numpy.org/doc/stable/reference/random/legacy.html
func permutation(n int, seed uint32) []int {
	generator := newMT19937(seed)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := generator.upTo(uint32(i))
		order[i], order[j] = order[j], order[i]
	}
	return order
}
