package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Limits bound what is unpacked.
type Limits struct {
	Packed   int64 // bytes of the archive itself
	Unpacked int64 // bytes of all files together
	Files    int
	Ratio    int64 // unpacked to packed, once more than a megabyte is unpacked
	Depth    int   // folders in each other
	Name     int   // bytes of a path
}

// DefaultLimits fit blueprints with their scripts and templates.
func DefaultLimits() Limits {
	return Limits{Packed: 64 << 20, Unpacked: 256 << 20, Files: 10_000, Ratio: 200, Depth: 32, Name: 1024}
}

// ratioFree is how much may be unpacked before the ratio counts; small texts
// may well shrink a thousandfold.
const ratioFree = 1 << 20

// Unpack reads a zip, tar, tar.gz or tar.bz2. A single folder that holds
// everything is left out of the paths. Errors are *orchestrator.Error: Invalid
// for what is no such archive or holds what it may not, TooLarge for a limit.
func Unpack(data []byte, limits Limits) (fs.FS, error) {
	if int64(len(data)) > limits.Packed {
		return nil, tooLarge("the archive has more than %d MB", limits.Packed>>20)
	}
	u := &unpacker{limits: limits, packed: int64(len(data)), files: Files{}}
	var err error
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("PK\x05\x06")):
		err = u.zip(data)
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		var unzipped *gzip.Reader
		if unzipped, err = gzip.NewReader(bytes.NewReader(data)); err == nil {
			err = u.tar(unzipped)
		}
	case bytes.HasPrefix(data, []byte("BZh")):
		err = u.tar(bzip2.NewReader(bytes.NewReader(data)))
	case len(data) > 262 && string(data[257:262]) == "ustar":
		err = u.tar(bytes.NewReader(data))
	default:
		return nil, invalid("this is no archive; send a zip, tar, tar.gz or tar.bz2")
	}
	if err != nil {
		if _, ours := errors.AsType[*orchestrator.Error](err); ours {
			return nil, err
		}
		return nil, invalid("the archive is damaged").Wrap(err)
	}
	if len(u.files) == 0 {
		return nil, invalid("the archive holds no files")
	}
	if name := u.fileAndFolder(); name != "" {
		return nil, invalid("the archive holds %q both as a file and as a folder", name)
	}
	return stripTopFolder(u.files), nil
}

func invalid(format string, args ...any) *orchestrator.Error {
	return orchestrator.Errorf(orchestrator.Invalid, format, args...)
}

func tooLarge(format string, args ...any) *orchestrator.Error {
	return orchestrator.Errorf(orchestrator.TooLarge, format, args...)
}

type unpacker struct {
	limits  Limits
	packed  int64
	size    int64
	entries int
	files   Files
}

// zipEntryMark begins each entry of a zip's directory.
var zipEntryMark = []byte("PK\x01\x02")

// zip counts before it reads: the library keeps a record of every entry that
// the directory lists, and a directory of 64 MB lists a million. Archives that
// lie in this one unpacked count as well.
func (u *unpacker) zip(data []byte) error {
	if bytes.Count(data, zipEntryMark) > u.limits.Files {
		return u.tooMany()
	}
	reader, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return fmt.Errorf("read zip: %w", err)
	}
	for _, file := range reader.File {
		mode := file.Mode()
		name, err := u.admit(file.Name, mode)
		if err != nil || name == "" {
			if err != nil {
				return err
			}
			continue
		}
		content, err := file.Open()
		if err != nil {
			return fmt.Errorf("read zip entry: %w", err)
		}
		err = u.add(name, content, int64(min(file.UncompressedSize64, math.MaxInt64)))
		if closed := content.Close(); err == nil && closed != nil {
			err = fmt.Errorf("read zip entry: %w", closed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) tar(r io.Reader) error {
	// The reader as a whole is limited too, so that a huge header or padding
	// ends as well.
	reader := tar.NewReader(io.LimitReader(r, u.limits.Unpacked+int64(u.limits.Files)*1024))
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return fmt.Errorf("read tar: %w", err)
		}
		if header.Typeflag == tar.TypeXGlobalHeader {
			if u.entries++; u.entries > u.limits.Files {
				return u.tooMany()
			}
			continue
		}
		mode := header.FileInfo().Mode()
		if header.Typeflag == tar.TypeLink {
			mode |= fs.ModeIrregular // a hard link looks like a file
		}
		name, err := u.admit(header.Name, mode)
		if err != nil {
			return err
		}
		if name == "" {
			continue
		}
		if err := u.add(name, reader, header.Size); err != nil {
			return err
		}
	}
}

// admit returns the clean path of an entry to unpack; empty for a folder.
func (u *unpacker) admit(written string, mode fs.FileMode) (string, error) {
	if u.entries++; u.entries > u.limits.Files {
		return "", u.tooMany()
	}
	if len(written) > u.limits.Name {
		return "", invalid("the archive has a path of more than %d characters", u.limits.Name)
	}
	if !utf8.ValidString(written) {
		return "", invalid("the archive holds the path %q, which is not UTF-8; rename the file, or pack with UTF-8 names", written)
	}
	name := path.Clean(strings.ReplaceAll(written, `\`, "/"))
	if strings.ContainsRune(written, 0) || !fs.ValidPath(name) || hasDrive(name) {
		return "", invalid("the archive holds the path %q, which leads out of it", written)
	}
	if mode.IsDir() {
		return "", nil
	}
	if name == "." {
		return "", invalid("the archive holds a file without a name")
	}
	if !mode.IsRegular() {
		return "", invalid("the archive holds %q, which is a link or a device; only files and folders are taken", written)
	}
	if strings.Count(name, "/") >= u.limits.Depth {
		return "", invalid("the archive holds %q, which lies more than %d folders deep", written, u.limits.Depth)
	}
	return name, nil
}

func (u *unpacker) tooMany() error {
	return tooLarge("the archive holds more than %d files", u.limits.Files)
}

func (u *unpacker) tooMuch() error {
	return tooLarge("the archive unpacks to more than %d MB, or to more than %d times its size", u.limits.Unpacked>>20, u.limits.Ratio)
}

// hasDrive reports whether a path starts with a drive letter.
func hasDrive(name string) bool {
	return len(name) >= 2 && name[1] == ':' && (name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z')
}

// fileAndFolder returns a path that is a file and has files below it, the first
// of several; empty when there is none. No file system could hold both.
func (u *unpacker) fileAndFolder() string {
	found := ""
	for name := range u.files {
		for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
			if _, ok := u.files[folder]; ok && (found == "" || folder < found) {
				found = folder
			}
		}
	}
	return found
}

// add reads one file, within what the limits leave. declared is how long its
// entry says it is, which need not be true.
func (u *unpacker) add(name string, content io.Reader, declared int64) error {
	left := u.limits.Unpacked - u.size
	if byRatio := max(ratioFree, u.packed*u.limits.Ratio) - u.size; byRatio < left {
		left = byRatio
	}
	if declared > left {
		return u.tooMuch()
	}
	// Made as long as it will be: growing would take several times as much.
	unpacked := bytes.NewBuffer(make([]byte, 0, max(declared, 0)+bytes.MinRead))
	if _, err := unpacked.ReadFrom(io.LimitReader(content, left+1)); err != nil {
		return fmt.Errorf("read %q: %w", name, err)
	}
	data := unpacked.Bytes()
	if int64(len(data)) > left {
		return u.tooMuch()
	}
	u.size += int64(len(data))
	u.files[name] = data
	return nil
}

// stripTopFolder leaves out a single folder that holds everything. Names that
// start with "._" and the folder __MACOSX, which some packers add, do not count
// and are dropped.
func stripTopFolder(files Files) Files {
	kept, top := Files{}, ""
	single := true
	for name, data := range files {
		first, _, nested := strings.Cut(name, "/")
		if first == "__MACOSX" || strings.HasPrefix(path.Base(name), "._") {
			continue
		}
		kept[name] = data
		if !nested || top != "" && first != top {
			single = false
		}
		top = first
	}
	if !single {
		return kept
	}
	stripped := make(Files, len(kept))
	for name, data := range kept {
		stripped[strings.TrimPrefix(name, top+"/")] = data
	}
	return stripped
}
