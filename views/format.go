package views

import (
	"fmt"
	"time"
)

// Ago tells a moment relative to now, in the past or the future.
func Ago(t, now time.Time) When {
	if t.IsZero() {
		return When{Text: "never"}
	}
	when := When{
		Title: t.UTC().Format("Mon 2 Jan 2006 15:04:05 UTC"),
		ISO:   t.UTC().Format(time.RFC3339),
	}
	switch d := now.Sub(t); {
	case d < -time.Minute:
		when.Text = "in " + coarse(-d)
	case d < 10*time.Second:
		when.Text = "just now"
	default:
		when.Text = coarse(d) + " ago"
	}
	return when
}

// coarse is a distance in its largest unit, two for days: "6 d 23 h".
func coarse(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	case d < 14*24*time.Hour:
		days := int(d.Hours()) / 24
		if hours := int(d.Hours()) % 24; hours > 0 && days < 7 {
			return fmt.Sprintf("%d d %d h", days, hours)
		}
		return fmt.Sprintf("%d d", days)
	default:
		return fmt.Sprintf("%d weeks", int(d.Hours())/(24*7))
	}
}

// Took is how long something lasts or lasted, in two units at most.
func Took(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d m %02d s", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%d h %02d m", int(d.Hours()), int(d.Minutes())%60)
	}
}

// Count puts a number before its noun: "1 node", "29 nodes".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Range says which part of a list is shown: "26 to 50 of 143".
func Range(offset, shown, total int) string {
	switch {
	case total == 0:
		return "None"
	case shown == total:
		return fmt.Sprintf("%d of %d", shown, total)
	default:
		return fmt.Sprintf("%d to %d of %d", offset+1, offset+shown, total)
	}
}

// CloudName writes a cloud the way its maker does.
func CloudName(cloud string) string {
	switch cloud {
	case "aws":
		return "AWS"
	case "azure":
		return "Azure"
	default:
		return cloud
	}
}

// CellName is a cloud with an environment type: "AWS dev-small"; empty when the
// deployment is not launched for a cell.
func CellName(cloud, envType string) string {
	switch {
	case cloud == "":
		return envType
	case envType == "":
		return CloudName(cloud)
	default:
		return CloudName(cloud) + " " + envType
	}
}

func itoa(n int) string { return fmt.Sprint(n) }
