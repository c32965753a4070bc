package run

import (
	"fmt"
	"strings"
	"time"
)

const (
	// unitsShown is the maximum number of units that a line names.
	unitsShown = 5
	// long is the age from which a line names a unit, so that users can tell a slow run from one
	// that hangs.
	long = 30 * time.Second
)

// line describes the phase under way, such as
//
//	bases 37/500 · agents 30/500 · 2 failed · 12 in progress · 41 GB of 118 at 96 MB/s · about 13 min left
//
// Units that take long follow, the oldest first. Moved and total are bytes; without a total, the
// line leaves them out.
func (p *progress) line(now time.Time, moved, total int64) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if len(p.bars) == 0 {
		add("%s", p.name)
	}
	for _, bar := range p.bars {
		add("%s %d/%d", bar.name, bar.done, bar.needs)
	}
	if p.failed > 0 {
		add("%d failed", p.failed)
	}
	units, waiting := p.underWay()
	add("%d in progress", len(units))
	if waiting > 0 {
		add("%d waiting for another image", waiting)
	}
	speed := p.speed(now, moved)
	if total > 0 {
		add("%s", traffic(moved, total, speed))
	}
	if left := later(p.imagesLeft(now), bytesLeft(moved, total, speed)); left > 0 {
		add("%s left", roughly(left))
	}
	if slowest := p.slowest(now, units); slowest != "" {
		add("slowest: %s", slowest)
	}
	return strings.Join(parts, " · ")
}

// slowest names the units that take long: "base a 3m10s, base b 1m5s, 2 more".
func (p *progress) slowest(now time.Time, units []string) string {
	var named []string
	more := 0
	for _, name := range units {
		switch age := now.Sub(p.units[name].since); {
		case age < long:
		case len(named) == unitsShown:
			more++
		default:
			named = append(named, fmt.Sprintf("%s %s", name, age.Round(time.Second)))
		}
	}
	if more > 0 {
		named = append(named, fmt.Sprintf("%d more", more))
	}
	return strings.Join(named, ", ")
}

// traffic describes what was moved: "41 GB of 118 at 96 MB/s".
func traffic(moved, total int64, speed float64) string {
	unit, size := "MB", 1e6
	if total >= 1e9 {
		unit, size = "GB", 1e9
	}
	text := fmt.Sprintf("%s %s of %s", short(float64(moved)/size), unit, short(float64(total)/size))
	if speed < 0 {
		return text
	}
	return fmt.Sprintf("%s at %s MB/s", text, short(speed/1e6))
}

// short has one decimal below ten, and none above.
func short(amount float64) string {
	if amount > 0 && amount < 9.95 {
		return fmt.Sprintf("%.1f", amount)
	}
	return fmt.Sprintf("%.0f", amount)
}

// roughly rounds a time up: to minutes, and to five minutes if it is more than an hour.
func roughly(d time.Duration) string {
	minutes := int((d + time.Minute - 1) / time.Minute)
	switch {
	case minutes <= 1:
		return "less than a minute"
	case minutes < 60:
		return fmt.Sprintf("about %d min", minutes)
	}
	minutes = (minutes + 4) / 5 * 5
	return fmt.Sprintf("about %d h %d min", minutes/60, minutes%60)
}

// outcome describes a phase that is over: "498 of 500 agent images", and how many failed.
func (p *progress) outcome() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := p.bars[len(p.bars)-1]
	text := fmt.Sprintf("%d of %d agent images", last.done, last.needs)
	if failed := p.failed - p.failedBefore; failed > 0 {
		text += fmt.Sprintf(" (%d failed)", failed)
	}
	return text
}
