package manifest

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// maxSeconds exceeds the duration of any run, and fits in a [time.Duration].
const maxSeconds = 1e9

// Seconds is a duration. In JSON it is a number of seconds, rounded to the millisecond.
type Seconds time.Duration

// MarshalJSON writes seconds with a fraction.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return json.Marshal(float64(time.Duration(s).Round(time.Millisecond).Milliseconds()) / 1000)
}

// UnmarshalJSON reads seconds with a fraction.
func (s *Seconds) UnmarshalJSON(data []byte) error {
	var seconds float64
	if err := json.Unmarshal(data, &seconds); err != nil {
		return err
	}
	if math.Abs(seconds) > maxSeconds {
		return fmt.Errorf("%g seconds is not a plausible duration of a run", seconds)
	}
	*s = Seconds(math.Round(seconds*1000)) * Seconds(time.Millisecond)
	return nil
}

// Time is a time that Python's datetime.fromisoformat reads in any version: no Z, six digits of a
// second.
type Time struct{ time.Time }

// MarshalJSON writes ISO 8601 in UTC, or null for the zero time.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(t.UTC().Format("2006-01-02T15:04:05.000000+00:00"))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Time) UnmarshalJSON(data []byte) error {
	if err := t.Time.UnmarshalJSON(data); err != nil {
		return err
	}
	if year := t.UTC().Year(); year < 1 || year > 9999 {
		return fmt.Errorf("the year %d is not between 1 and 9999", year)
	}
	return nil
}
