package run

import "time"

const (
	// lately is the time whose images tell how many a run makes in a minute. It is long enough for
	// several base images, and short enough to forget that the first ones took longer.
	lately = 10 * time.Minute
	// enough images, and enough time, for an estimate.
	enoughImages, enoughTime = 5, 10 * time.Second
	// speedOver is the time that a speed is the mean of: at least two lines.
	speedOver = 2 * time.Minute
	// unknown is a time or a speed that is not known.
	unknown = -1
)

// imagesLeft estimates from the images that ended lately how long the rest takes.
func (p *progress) imagesLeft(now time.Time) time.Duration {
	if len(p.bars) == 0 {
		return unknown
	}
	last := p.bars[len(p.bars)-1]
	ended := 0
	for _, at := range p.endings {
		if now.Sub(at) <= lately {
			ended++
		}
	}
	during := min(now.Sub(p.began), lately)
	if ended < enoughImages || during < enoughTime {
		return unknown
	}
	left := last.needs - last.done - (p.failed - p.failedBefore)
	return time.Duration(float64(during) / float64(ended) * float64(left))
}

// speed returns how many bytes were moved in a second lately, and notes how many there are now.
func (p *progress) speed(now time.Time, bytes int64) float64 {
	for len(p.moved) > 1 && now.Sub(p.moved[0].time) > speedOver {
		p.moved = p.moved[1:]
	}
	speed := float64(unknown)
	if len(p.moved) > 0 && now.After(p.moved[0].time) {
		speed = float64(bytes-p.moved[0].bytes) / now.Sub(p.moved[0].time).Seconds()
	}
	p.moved = append(p.moved, movedAt{now, bytes})
	return speed
}

// bytesLeft estimates how long the rest of the bytes takes: zero if there is no rest.
func bytesLeft(moved, total int64, speed float64) time.Duration {
	switch {
	case moved >= total:
		return 0
	case speed <= 0:
		return unknown
	}
	return time.Duration(float64(total-moved) / speed * float64(time.Second))
}

// later returns the later of two estimates. It is unknown if one of them is.
func later(a, b time.Duration) time.Duration {
	if a == unknown || b == unknown {
		return unknown
	}
	return max(a, b)
}
