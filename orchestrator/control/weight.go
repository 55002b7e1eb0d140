package control

import (
	"io/fs"
	"reflect"
	"runtime/debug"

	"github.com/slipwayhq/slipway/orchestrator"
)

// maxPlan bounds a compiled blueprint, in bytes. Its text may be much smaller: a
// long default counts once for each node that inherits it, an alias each time it
// stands for what it repeats. A plan is read whole whenever it is used; twenty
// thousand ordinary nodes are about this large.
const maxPlan = 64 << 20

// checkWeight refuses a plan that would take too much room wherever it goes.
func checkWeight(plan *orchestrator.Plan, most int) error {
	left := most
	if weigh(reflect.ValueOf(plan), &left); left < 0 {
		return orchestrator.Errorf(orchestrator.TooLarge,
			"the compiled blueprint has more than %d MB, defaults and aliases written out; put long texts into files of the archive", most>>20).Because("invalid_blueprint_error")
	}
	return nil
}

// perValue is what a value costs beside its text, in bytes.
const perValue = 8

// weigh takes the size of v, written out, from what is left, and stops when
// nothing is.
func weigh(v reflect.Value, left *int) {
	if *left < 0 {
		return
	}
	*left -= perValue
	switch v.Kind() {
	case reflect.String:
		*left -= v.Len()
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			weigh(v.Elem(), left)
		}
	case reflect.Slice:
		for i := range v.Len() {
			weigh(v.Index(i), left)
		}
	case reflect.Map:
		for entry := v.MapRange(); entry.Next() && *left >= 0; {
			weigh(entry.Key(), left)
			weigh(entry.Value(), left)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			weigh(v.Field(i), left)
		}
	}
}

// largeFiles is when an archive is no ordinary one, in bytes unpacked.
const largeFiles = 4 << 20

// giveBack returns memory to the system after an archive that was large, or that
// was refused (nil), perhaps for being so. Left to itself the heap would stay as
// large as the worst archive made it, and the next one would come on top.
func giveBack(files fs.FS) {
	if files == nil || sizeOf(files) > largeFiles {
		debug.FreeOSMemory()
	}
}
