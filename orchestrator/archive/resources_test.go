package archive

import (
	"errors"
	"io/fs"
	"testing"
)

func TestResources(t *testing.T) {
	own := Files{"run.sh": []byte("own"), "sub/run.sh": []byte("sub"), "sub/deep.sh": []byte("deep"), "odd--name.sh": []byte("odd")}
	database := Files{"run.sh": []byte("database"), "only.sh": []byte("only")}
	disk := Files{"here/run.sh": []byte("disk"), "top.sh": []byte("top")}
	resources := Resources{
		Own:      Folder{own, "."},
		Imported: map[string]Folder{"db": {database, "."}, "db--disk": {disk, "here"}},
	}
	inFolder := Resources{Own: Folder{own, "sub"}}
	tests := map[string]struct {
		reason string
		in     fs.FS
		name   string
		want   string // empty: not there
	}{
		"Own":               {"", resources, "run.sh", "own"},
		"Imported":          {"the operation came with the import", resources, "db--run.sh", "database"},
		"ImportedTwice":     {"an imported blueprint imports, too", resources, "db--disk--run.sh", "disk"},
		"BesideTheFolder":   {"paths from the archive's root work as well", resources, "db--disk--top.sh", "top"},
		"PlainImport":       {"a file of the same archive under a namespace", resources, "parts--sub/deep.sh", "deep"},
		"PlainImportWithin": {"the imported blueprint splits its own files", resources, "db--parts--only.sh", "only"},
		"MarkInAName":       {"a real file comes first", resources, "odd--name.sh", "odd"},
		"OnlyTheirs":        {"what one archive lacks another does not lend", resources, "db--deep.sh", ""},
		"NoNamespace":       {"", resources, "only.sh", ""},
		"MainFolder":        {"scripts stand beside the main file", inFolder, "run.sh", "sub"},
		"OfANode":           {"fabric's script_path carries no namespace", resources.For("db--vm"), "run.sh", "database"},
		"OfANodeTwice":      {"", resources.For("db--disk--vm"), "run.sh", "disk"},
		"OfANodeExplicit":   {"an operation's does", resources.For("db--vm"), "db--run.sh", "database"},
		"OfANodeOwn":        {"else it is the whole blueprint's", resources.For("db--vm"), "sub/run.sh", "sub"},
		"OfOwnNode":         {"", resources.For("vm"), "run.sh", "own"},
		"OfANodeNowhere":    {"", resources.For("db--vm"), "nowhere.sh", ""},
		"Escape":            {"", resources, "db--../run.sh", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := fs.ReadFile(tt.in, tt.name)
			if string(got) != tt.want || (tt.want == "") != (err != nil) {
				t.Errorf("%s: got %q, %v; want %q", tt.reason, got, err, tt.want)
			}
			var refused *fs.PathError
			if err != nil && (!errors.As(err, &refused) || refused.Path != tt.name) {
				t.Errorf("the error does not name %s: %v", tt.name, err)
			}
		})
	}
}
