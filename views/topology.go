package views

import (
	"fmt"
	"strconv"

	"github.com/slipwayhq/slipway/views/topology"
)

func viewBox(d topology.Drawing) string {
	return fmt.Sprintf("0 0 %d %d", d.Width+2, d.Height+2)
}

// half puts a hairline onto the pixel grid.
func half(n int) string { return strconv.Itoa(n) + ".5" }

// rulerPath is a step's stretch with a stroke at either end.
func rulerPath(s topology.Stretch) string {
	return fmt.Sprintf("M%d.5 15V20M%d 17.5H%dM%d.5 15V20", s.X, s.X, s.X+s.W, s.X+s.W-1)
}

func nodeClasses(n topology.Shape) string {
	class := "node is-" + n.Item.Kind
	if n.Item.External || n.Item.Port {
		class += " is-external"
	}
	if n.Item.Picked {
		class += " is-picked"
	}
	return class
}

func square(x, y, side int) string {
	return fmt.Sprintf("M%d %dh%dv%dh-%dz", x, y, side, side, side)
}
