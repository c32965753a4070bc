package dataset

import (
	"fmt"
	"regexp"
	"strconv"

	"dagger/eval-images/redact"
)

// Shard is one of several parts of a run, each for another machine. The zero value is the whole
// run.
type Shard struct {
	// Index counts from 1 to Of.
	Index int
	// Of is the number of parts.
	Of int
}

// shardPattern allows four digits: more machines than that are a mistake.
var shardPattern = regexp.MustCompile(`^([1-9][0-9]{0,3})/([1-9][0-9]{0,3})$`)

// ParseShard parses `2/8`, the second of eight parts. An empty text is the whole.
func ParseShard(text string) (Shard, error) {
	if text == "" {
		return Shard{}, nil
	}
	parts := shardPattern.FindStringSubmatch(text)
	if parts == nil {
		return Shard{}, fmt.Errorf("parsing shard %s: want index/of, such as 2/8, from 1 to 9999", redact.Quote(text))
	}
	index, _ := strconv.Atoi(parts[1]) // the pattern has digits only
	of, _ := strconv.Atoi(parts[2])
	shard := Shard{Index: index, Of: of}
	return shard, shard.check()
}

// String returns the shard in the form of [ParseShard].
func (s Shard) String() string {
	if s == (Shard{}) {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Of)
}

func (s Shard) check() error {
	if s != (Shard{}) && (s.Index < 1 || s.Index > s.Of) {
		return fmt.Errorf("shard %d/%d does not exist: the index goes from 1 to %d", s.Index, s.Of, s.Of)
	}
	return nil
}

// pick returns the shard's instances from all, which are sorted: every Of-th, starting at the
// Index-th.
//
// Shards of one selection are disjoint, together complete, and differ by at most one instance. A
// hash of the id would move fewer instances when a dataset grows, but its shards are uneven, and
// the largest one decides how long a run takes. A moved instance costs nothing, because the
// registry has its image. Taking every Of-th also spreads the large images of one repository, which
// are sorted next to each other.
func (s Shard) pick(all []Instance) []Instance {
	if s == (Shard{}) {
		return all
	}
	var picked []Instance
	for i := s.Index - 1; i < len(all); i += s.Of {
		picked = append(picked, all[i])
	}
	return picked
}
