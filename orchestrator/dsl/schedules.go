package dsl

func (c *compiler) scheduleOf(e entry, path string) Value {
	return e.value.value()
}
