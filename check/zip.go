package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A zipReader turns the records of a zip into items and faults.
type zipReader struct {
	r      io.ReaderAt
	dir    *zipDirectory
	budget *budget

	entries []*zipEntry
	faults  []Finding
}

// fromZip reads a zip's directory, and of each entry the local header and the
// first bytes.
func fromZip(ctx context.Context, r io.ReaderAt, size int64, b *budget) (*source, error) {
	dir, err := readDirectory(r, size)
	if err != nil {
		return nil, err
	}
	z := &zipReader{r: r, dir: dir, budget: b}
	for _, rec := range dir.records {
		z.entries = append(z.entries, &zipEntry{zipRecord: rec})
	}
	if err := each(ctx, z.entries, z.readEntry); err != nil {
		return nil, err
	}
	z.judgeOverlap()
	if dir.zip64 || slices.ContainsFunc(dir.records, func(rec zipRecord) bool { return rec.zip64 }) {
		z.fault(zip64Format, "", "it uses the zip64 format, which Lambda may not take",
			"write a zip without zip64; no size that Lambda takes needs it")
	}
	s := &source{form: "zip", main: bootstrap, packed: size, items: z.items(), faults: z.faults}
	s.spoiled = z.spoiled
	return s, nil
}

func (z *zipReader) fault(id, object, evidence, fix string) {
	z.faults = append(z.faults, finding(id, object, evidence, fix))
}

// each calls do for all of list, on all processors.
func each[T any](ctx context.Context, list []T, do func(T)) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(list)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(list)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				do(list[i])
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// judgeOverlap finds entries that share bytes, as only zip bombs do.
func (z *zipReader) judgeOverlap() {
	sorted := slices.Clone(z.entries)
	slices.SortStableFunc(sorted, func(a, b *zipEntry) int { return cmp.Compare(a.header, b.header) })
	for i := 1; i < len(sorted); i++ {
		prev, e := sorted[i-1], sorted[i]
		if prev.fault == "" && prev.data+int64(prev.packed) > z.dir.base+int64(e.header) && e.fault == "" {
			e.fault = fmt.Sprintf("it lies inside of %.80q", prev.name)
		}
	}
}

// spoiled returns what showed while contents were read.
func (z *zipReader) spoiled() (found []Finding) {
	for _, e := range z.entries {
		if e.lazy == nil {
			continue
		}
		if err := e.lazy.fault(); errors.Is(err, errBudget) {
			found = append(found, finding(tooMuchToInflate, e.name, fmt.Sprintf("the package has more than %d MB to look at", MaxInflated>>20), "make the package smaller"))
		} else if err != nil {
			found = append(found, finding(brokenZip, e.name, err.Error(), fixZip))
		}
	}
	return found
}

const fixZip = "write the zip anew, with lambdapack build or another tool"

// items judges each entry by itself and returns those that can be unpacked.
func (z *zipReader) items() (items []*item) {
	seen := map[string]bool{}
	for _, e := range z.entries {
		name, ok := z.judgeName(e)
		z.judgeEntry(e)
		if !ok {
			continue
		}
		if seen[name] && !strings.HasSuffix(e.name, "/") {
			z.fault(duplicateEntry, name, "the zip has more than one entry of this name", "leave one of them")
		}
		seen[name] = true
		if i := z.item(e, name); i != nil {
			items = append(items, i)
		}
	}
	return items
}

// judgeName returns the clean name of an entry, and false where it cannot be
// unpacked into the package's directory.
func (z *zipReader) judgeName(e *zipEntry) (string, bool) {
	name := strings.TrimSuffix(e.name, "/")
	switch {
	case strings.Contains(name, `\`):
		z.fault(backslashName, e.name, "its name has a backslash, which on Linux divides no directories: the file has this very name", "write the zip with slashes, as lambdapack build does on every system")
		return name, fs.ValidPath(name) && name != "."
	case strings.ContainsRune(name, 0):
		z.fault(unsafeName, e.name, "its name has a zero byte", fixZip)
	case path.IsAbs(name):
		z.fault(unsafeName, e.name, "its name is an absolute path", "give paths relative to the package's root")
	case name == "." || name == "": // "./" is the root itself, as zip -r writes it nowhere
		return ".", e.name != ""
	case slices.Contains(strings.Split(name, "/"), ".."):
		z.fault(unsafeName, e.name, "its name leads out of the package", "give paths inside of the package")
	case path.Clean(name) != name:
		clean := path.Clean(name)
		z.fault(unsafeName, e.name, "its name is not clean: it means "+clean, "name it "+clean)
		return clean, true
	default:
		return name, true
	}
	return name, false
}

// judgeEntry judges how the entry is stored.
func (z *zipReader) judgeEntry(e *zipEntry) {
	switch {
	case e.flags&(flagEncrypted|flagStrong|flagMasked) != 0:
		z.fault(encryptedEntry, e.name, "it is encrypted, and Lambda has no password", "write the zip without encryption; Lambda encrypts it at rest")
	case e.method != methodStored && e.method != methodDeflate:
		z.fault(zipMethod, e.name, fmt.Sprintf("it is compressed with method %d (%s)", e.method, methodName(e.method)), "write the zip with deflate")
	}
	if e.fault != "" {
		z.fault(brokenZip, e.name, e.fault, fixZip)
	}
	if e.differ != "" {
		z.fault(brokenZip, e.name, e.differ, fixZip)
	}
}

// methodName names the methods of APPNOTE.TXT 4.4.5 that are in use.
func methodName(m uint16) string {
	names := map[uint16]string{9: "deflate64", 12: "bzip2", 14: "LZMA", 20: "old zstd", 93: "zstd", 95: "xz", 98: "PPMd", 99: "AES"}
	return cmp.Or(names[m], "not deflate")
}
