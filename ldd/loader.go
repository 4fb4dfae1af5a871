package ldd

import (
	"bytes"
	"debug/elf"
	"io"
	"path"
	"strings"
)

// A LibC is a family of dynamic loaders.
type LibC string

// The loaders whose search is known.
const (
	Glibc LibC = "glibc"
	Musl  LibC = "musl"
)

// maxLoader bounds a loader's file; glibc's has about 250 kB, musl's 700 kB.
const maxLoader = 16 << 20

// libCOf says which loader a file is meant for: by its interpreter, and for
// libraries by the name under which they need the C library.
func libCOf(f *File) LibC {
	if f.Interp != "" {
		return libCOfInterp(f.Interp)
	}
	for _, n := range f.Needed {
		if n == "libc.so" || strings.HasPrefix(n, "libc.musl-") {
			return Musl
		}
	}
	return Glibc
}

func libCOfInterp(interp string) LibC {
	if strings.HasPrefix(path.Base(interp), "ld-musl-") {
		return Musl
	}
	return Glibc
}

// defaultLoader returns the interpreter of programs for the file's machine.
func defaultLoader(f *File, c LibC) string {
	p := platformOf(f)
	if c == Musl && p.name != "" {
		return "/lib/ld-musl-" + p.name + ".so.1"
	}
	return p.loader
}

// systemDirs is readSystemDirs, remembered.
func (s *Sysroot) systemDirs(interp string) []string {
	s.mu.Lock()
	dirs, ok := s.builtin[interp]
	s.mu.Unlock()
	if !ok && interp != "" {
		dirs = s.readSystemDirs(interp)
		s.mu.Lock()
		s.builtin[interp] = dirs
		s.mu.Unlock()
	}
	return dirs
}

// readSystemDirs returns the directories that are compiled into the glibc loader
// at a path of the sysroot: they differ between distributions, and no file
// tells them but the loader itself, which holds them as a run of NUL-terminated
// strings with a slash at the end (glibc, elf/dl-load.c: system_dirs). It returns
// nil where they are not found. Most of a loader is code, and the strings are in
// what is neither code nor writable, so that is read first.
func (s *Sysroot) readSystemDirs(name string) (best []string) {
	n, err := s.inspect(name)
	if n == nil || !n.info.Mode().IsRegular() {
		return nil
	}
	r, size, closer, openErr := s.openAt(n)
	if openErr != nil {
		return nil
	}
	defer closer.Close()
	size = min(size, maxLoader)
	if err == nil {
		for _, seg := range n.file.tables.loads {
			if end := seg.offset + seg.filesz; seg.flags == elf.PF_R && seg.offset < end && end <= uint64(size) {
				if best = findSystemDirs(r, int64(seg.offset), int64(end)); len(best) > 1 {
					return best
				}
			}
		}
	}
	return findSystemDirs(r, 0, size)
}

// findSystemDirs returns the first run of several directories between two
// offsets, else a single directory.
func findSystemDirs(r io.ReaderAt, off, end int64) (best []string) {
	const window, overlap = 16 << 10, 2 << 10
	buf := make([]byte, min(window+overlap, max(0, end-off)))
	for ; off < end && len(best) < 2; off += window {
		n, _ := r.ReadAt(buf[:min(int64(len(buf)), end-off)], off)
		if run := systemDirRun(buf[:n]); len(run) > len(best) {
			best = run
		}
	}
	return best
}

// systemDirRun returns the longest run of directories in b.
func systemDirRun(b []byte) (best []string) {
	for {
		i := bytes.Index(b, []byte("\x00/"))
		if i < 0 {
			return best
		}
		b = b[i+1:]
		var run []string
		for dir, rest := cutDir(b); dir != ""; dir, rest = cutDir(b) {
			run, b = append(run, dir), rest
		}
		if len(run) > len(best) {
			best = run
		}
	}
}

// cutDir cuts off a leading string that looks like a library directory, and
// returns it without its last slash.
func cutDir(b []byte) (string, []byte) {
	end := bytes.IndexByte(b[:min(len(b), maxString)], 0)
	if end < 2 || b[0] != '/' || b[end-1] != '/' || !bytes.Contains(b[:end], []byte("lib")) {
		return "", b
	}
	return string(b[:end-1]), b[end+1:]
}

// muslDirs returns musl's directories: those of /etc/ld-musl-ARCH.path, divided
// by newlines or colons, else the built-in ones (musl, ldso/dynlink.c). A loader
// outside of /lib has its file under the same prefix.
func (s *Sysroot) muslDirs(interp string) []string {
	prefix, base := path.Split(interp)
	prefix = strings.TrimSuffix(strings.TrimSuffix(prefix, "/"), "/lib")
	arch := strings.TrimPrefix(base, "ld-musl-")
	arch, _, _ = strings.Cut(arch, ".so")
	b, err := s.ReadFile(prefix+"/etc/ld-musl-"+arch+".path", maxConf)
	if err != nil {
		return []string{"/lib", "/usr/local/lib", "/usr/lib"}
	}
	return strings.FieldsFunc(string(b), func(r rune) bool { return r == '\n' || r == ':' })
}

// muslOwn reports whether musl answers a DT_NEEDED by itself: the loader is the
// C library and all its historical parts.
func muslOwn(name string) bool {
	rest, ok := strings.CutPrefix(name, "lib")
	if !ok {
		return false
	}
	part, _, ok := strings.Cut(rest, ".")
	switch part {
	case "c", "pthread", "rt", "m", "dl", "util", "xnet":
		return ok
	}
	return false
}
