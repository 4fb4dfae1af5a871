package ldd

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"path"
	"sort"
)

const (
	maxCache      = 64 << 20
	cacheMagic    = "glibc-ld.so.cache1.1"
	cacheHeader   = 48
	cacheEntry    = 24
	cacheTypeMask = 0x00ff
	cacheArchMask = 0xff00
	cacheGlibc    = 3 // FLAG_ELF_LIBC6
	// maxVariants bounds the entries of one soname: one for each directory,
	// machine and level of processor.
	maxVariants = 4096
)

// An ldCache is an ld.so.cache, in which names are found as glibc finds them: by
// halving, because ldconfig has sorted it. A walk asks for a few names out of
// thousands.
type ldCache struct {
	b     []byte // from the magic on; offsets count from there
	count int
	order binary.ByteOrder
	p     platform
}

// parseCache reads an ld.so.cache in the format that glibc has written since
// 2.2 (sysdeps/generic/dl-cache.h), alone or behind the older one, for p. It
// returns nil where there is no such cache: a foreign format or a damaged file is
// as good as none.
func parseCache(b []byte, p platform) *ldCache {
	start := bytes.Index(b, []byte(cacheMagic))
	if start < 0 || len(b)-start < cacheHeader {
		return nil
	}
	c := &ldCache{b: b[start:], order: binary.LittleEndian, p: p}
	if p.data == elf.ELFDATA2MSB {
		c.order = binary.BigEndian
	}
	count := uint64(c.order.Uint32(c.b[20:]))
	if count > uint64(len(c.b)-cacheHeader)/cacheEntry {
		return nil
	}
	c.count = int(count)
	return c
}

func (c *ldCache) entry(i int) []byte { return c.b[cacheHeader+i*cacheEntry:][:cacheEntry] }

func (c *ldCache) name(i int) []byte { return c.text(c.order.Uint32(c.entry(i)[4:])) }

func (c *ldCache) text(off uint32) []byte {
	if uint64(off) >= uint64(len(c.b)) {
		return nil
	}
	text := c.b[off:]
	return text[:max(0, bytes.IndexByte(text[:min(len(text), maxString)], 0))]
}

// file returns the path of an entry, or "" where the entry is not for this
// platform or not for loaders of today.
func (c *ldCache) file(i int) string {
	e := c.entry(i)
	flags := c.order.Uint32(e)
	if flags&cacheTypeMask != cacheGlibc || (c.p.name != "" && flags&cacheArchMask != c.p.cacheTag) {
		return ""
	}
	file, hwcap := string(c.text(c.order.Uint32(e[8:]))), c.order.Uint64(e[16:])
	if !path.IsAbs(file) || (hwcap != 0 && hwcapOf(file) == "") {
		return ""
	}
	return file
}

// compareNames orders names as the cache does, in which it is the greatest that
// comes first: runs of digits count as numbers (glibc, elf/dl-cache.c:
// _dl_cache_libcmp).
func compareNames(a string, b []byte) int {
	digit := func(c byte) bool { return '0' <= c && c <= '9' }
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch x, y := a[i], b[j]; {
		case digit(x) && digit(y):
			var m, n uint32 // glibc's int overflows too
			for ; i < len(a) && digit(a[i]); i++ {
				m = m*10 + uint32(a[i]-'0')
			}
			for ; j < len(b) && digit(b[j]); j++ {
				n = n*10 + uint32(b[j]-'0')
			}
			if m != n {
				return int(int32(m - n))
			}
			continue
		case digit(x):
			return 1
		case digit(y):
			return -1
		case x != y:
			return int(x) - int(y)
		}
		i++
		j++
	}
	return (len(a) - i) - (len(b) - j)
}

// hwcapOf returns the subdirectory of glibc-hwcaps in which a file lies, such as
// "x86-64-v3", or "".
func hwcapOf(file string) string {
	dir := path.Dir(file)
	if path.Base(path.Dir(dir)) != "glibc-hwcaps" {
		return ""
	}
	return path.Base(dir)
}

// lookup calls yield with the paths for a name, until it returns false: those in
// the subdirectories that hwcaps lists first, in its order, then those for every
// processor.
func (c *ldCache) lookup(name string, hwcaps []string, yield func(string) bool) bool {
	first := sort.Search(c.count, func(i int) bool { return compareNames(name, c.name(i)) >= 0 })
	for i := range len(hwcaps) + 1 {
		want := ""
		if i < len(hwcaps) {
			want = hwcaps[i]
		}
		for n := first; n < min(c.count, first+maxVariants) && string(c.name(n)) == name; n++ {
			if p := c.file(n); p != "" && hwcapOf(p) == want && !yield(p) {
				return false
			}
		}
	}
	return true
}

// ldCache returns the sysroot's /etc/ld.so.cache, or nil.
func (s *Sysroot) ldCache(p platform) *ldCache {
	s.mu.Lock()
	cache, ok := s.caches[p.name]
	s.mu.Unlock()
	if ok {
		return cache
	}
	if b, err := s.ReadFile("/etc/ld.so.cache", maxCache); err == nil {
		cache = parseCache(b, p)
	}
	s.mu.Lock()
	s.caches[p.name] = cache
	s.mu.Unlock()
	return cache
}
