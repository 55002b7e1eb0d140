package dsl

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The plain scalars of YAML 1.1, as the original reads them: sexagesimal and
// octal integers, floats only with a dot and a signed exponent, ISO dates.
var (
	intPattern = regexp.MustCompile(`^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)

	floatPattern = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|[-+]?\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)

	datePattern = regexp.MustCompile(`^([0-9]{4})-([0-9]{2})-([0-9]{2})$`)

	timePattern = regexp.MustCompile(`^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?$`)
)

var booleans = map[string]bool{
	"yes": true, "Yes": true, "YES": true, "no": false, "No": false, "NO": false,
	"true": true, "True": true, "TRUE": true, "false": false, "False": false, "FALSE": false,
	"on": true, "On": true, "ON": true, "off": false, "Off": false, "OFF": false,
}

// plainScalar reads a scalar that is written without quotes or tag.
func plainScalar(text string) (Value, error) {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return nil, nil
	}
	if b, ok := booleans[text]; ok {
		return b, nil
	}
	if !strings.ContainsRune("+-.0123456789", rune(text[0])) {
		return text, nil
	}
	switch {
	case floatPattern.MatchString(text):
		return yamlFloat(text)
	case intPattern.MatchString(text):
		return yamlInt(text)
	case datePattern.MatchString(text), timePattern.MatchString(text):
		return yamlTime(text)
	}
	return text, nil
}

func splitSign(text string) (negative bool, rest string) {
	text = strings.ReplaceAll(text, "_", "")
	switch {
	case strings.HasPrefix(text, "-"):
		return true, text[1:]
	case strings.HasPrefix(text, "+"):
		return false, text[1:]
	}
	return false, text
}

func yamlInt(text string) (Value, error) {
	negative, digits := splitSign(text)
	var n uint64
	var err error
	switch {
	case strings.HasPrefix(digits, "0b"):
		n, err = strconv.ParseUint(digits[2:], 2, 63)
	case strings.HasPrefix(digits, "0x"):
		n, err = strconv.ParseUint(digits[2:], 16, 63)
	case digits != "0" && strings.HasPrefix(digits, "0"):
		n, err = strconv.ParseUint(digits, 8, 63)
	case strings.Contains(digits, ":"):
		for part := range strings.SplitSeq(digits, ":") {
			var digit uint64
			if digit, err = strconv.ParseUint(part, 10, 32); err != nil {
				break
			}
			if n > math.MaxInt64/61 {
				err = strconv.ErrRange
				break
			}
			n = n*60 + digit
		}
	default:
		n, err = strconv.ParseUint(digits, 10, 63)
	}
	if err != nil {
		return nil, fmt.Errorf("the integer %.40s does not fit into 64 bits; write it in quotes", text)
	}
	if negative {
		return -int64(n), nil
	}
	return int64(n), nil
}

func yamlFloat(text string) (Value, error) {
	negative, digits := splitSign(strings.ToLower(text))
	var f float64
	switch {
	case digits == ".inf", digits == ".nan":
		return text, nil // a plan is JSON, which has no such numbers
	case strings.Contains(digits, ":"):
		for part := range strings.SplitSeq(digits, ":") {
			digit, err := strconv.ParseFloat(part, 64)
			if err != nil {
				return nil, fmt.Errorf("%.40s is not a number", text)
			}
			f = f*60 + digit
		}
	default:
		var err error
		if f, err = strconv.ParseFloat(digits, 64); err != nil {
			return text, nil // beyond any float, as .inf
		}
	}
	if negative {
		f = -f
	}
	return f, nil
}

// yamlTime reads a date or a time; a plan holds it as text in ISO form.
func yamlTime(text string) (Value, error) {
	if m := datePattern.FindStringSubmatch(text); m != nil {
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return nil, fmt.Errorf("%s is not a day of the calendar; write it in quotes if it is not meant as one", text)
		}
		return text, nil
	}
	m := timePattern.FindStringSubmatch(text)
	part := func(i int) int { n, _ := strconv.Atoi(m[i]); return n }
	micro, _ := strconv.Atoi((m[7] + "000000")[:6])
	t := time.Date(part(1), time.Month(part(2)), part(3), part(4), part(5), part(6), micro*1000, time.UTC)
	if t.Year() != part(1) || int(t.Month()) != part(2) || t.Day() != part(3) || t.Hour() != part(4) || t.Minute() != part(5) {
		return nil, fmt.Errorf("%s is not a time of the calendar; write it in quotes if it is not meant as one", text)
	}
	layout := "2006-01-02T15:04:05"
	if micro != 0 {
		layout += ".000000"
	}
	zone := m[8]
	if zone == "" {
		return t.Format(layout), nil
	}
	if zone != "Z" {
		hours, minutes, _ := strings.Cut(zone[1:], ":")
		if len(hours) > 2 {
			hours, minutes = hours[:2], hours[2:]
		}
		h, _ := strconv.Atoi(hours)
		mm, _ := strconv.Atoi(minutes)
		offset := time.Duration(h)*time.Hour + time.Duration(mm)*time.Minute
		if zone[0] == '-' {
			offset = -offset
		}
		t = t.Add(-offset).In(time.FixedZone("", int(offset/time.Second)))
	}
	return t.Format(layout + "-07:00"), nil
}
