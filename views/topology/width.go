package topology

// interWidths are the advances of Inter at weight 500 for the printable ASCII
// characters, in 1/2048 em; the drawing's own font, vendored by package static.
var interWidths = [95]int{
	546, 623, 1012, 1308, 1323, 2034, 1338, 641, 755, 755, 1066, 1367, 621, 947, 621, 757,
	1322, 850, 1262, 1284, 1344, 1235, 1290, 1170, 1289, 1290, 621, 646, 1367, 1367, 1367, 1080,
	2012, 1452, 1345, 1502, 1478, 1235, 1207, 1531, 1525, 558, 1178, 1408, 1158, 1869, 1549, 1570,
	1314, 1574, 1327, 1323, 1337, 1516, 1452, 2054, 1435, 1426, 1312, 755, 757, 755, 976, 948,
	690, 1163, 1266, 1182, 1266, 1203, 777, 1269, 1232, 516, 516, 1145, 516, 1819, 1232, 1237,
	1266, 1266, 792, 1103, 697, 1232, 1177, 1698, 1141, 1178, 1145, 902, 708, 902, 1367,
}

const (
	fontTenths     = 115 // 11.5 px
	monoFontTenths = 105 // 10.5 px
	wideCharacter  = 2048
)

// textWidth is the width in pixels, rounded up, of text in the drawing's font.
// Characters outside of ASCII count as a full em, which is never too little.
func textWidth(text string) int {
	units := 0
	for _, r := range text {
		if r >= ' ' && r <= '~' {
			units += interWidths[r-' ']
		} else {
			units += wideCharacter
		}
	}
	return (units*fontTenths + 20479) / 20480
}

// monoWidth is the same for the second name of a container: every character of
// the mono font is 0.6 em wide.
func monoWidth(text string) int {
	return (len([]rune(text))*6*monoFontTenths + 99) / 100
}

// shorten takes out the middle of a long name: its ends tell names apart.
func shorten(name string) string {
	runes := []rune(name)
	if len(runes) <= maxName {
		return name
	}
	half := (maxName - 1) / 2
	return string(runes[:maxName-1-half]) + "…" + string(runes[len(runes)-half:])
}
