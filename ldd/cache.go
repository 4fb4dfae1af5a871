package ldd

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"path"
	"strings"
)

const (
	maxCache      = 64 << 20
	cacheMagic    = "glibc-ld.so.cache1.1"
	cacheHeader   = 48
	cacheEntry    = 24
	cacheTypeMask = 0x00ff
	cacheArchMask = 0xff00
	cacheGlibc    = 3 // FLAG_ELF_LIBC6
)

// An ldCache is the content of an ld.so.cache.
type ldCache struct {
	entries []cacheLine
	first   map[string]int32 // the first entry of a soname
}

// A cacheLine is one file; next is the number of the following one of the same
// soname, in the order in which the loader prefers them, or -1.
type cacheLine struct {
	path string
	next int32
}

// parseCache reads an ld.so.cache in the format that glibc has written since
// 2.2 (sysdeps/generic/dl-cache.h), alone or behind the older one, and keeps the
// entries for p. It returns nil where there is no such cache: a foreign format
// or a damaged file is as good as none. All strings share one copy of b.
func parseCache(b []byte, p platform) *ldCache {
	start := bytes.Index(b, []byte(cacheMagic))
	if start < 0 || len(b)-start < cacheHeader {
		return nil
	}
	b = b[start:]
	order := binary.ByteOrder(binary.LittleEndian)
	if p.data == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	count := uint64(order.Uint32(b[20:]))
	if count > uint64(len(b)-cacheHeader)/cacheEntry {
		return nil
	}
	text := string(b)
	cache := &ldCache{entries: make([]cacheLine, 0, count), first: make(map[string]int32, count)}
	last := make(map[string]int32)
	for i := range count {
		e := b[cacheHeader+i*cacheEntry:]
		flags := order.Uint32(e)
		if flags&cacheTypeMask != cacheGlibc || (p.name != "" && flags&cacheArchMask != p.cacheTag) {
			continue
		}
		name, file := cacheString(text, order.Uint32(e[4:])), cacheString(text, order.Uint32(e[8:]))
		hwcap := order.Uint64(e[16:])
		if name == "" || !path.IsAbs(file) || (hwcap != 0 && hwcapOf(file) == "") {
			continue
		}
		n := int32(len(cache.entries))
		cache.entries = append(cache.entries, cacheLine{file, -1})
		if first, ok := cache.first[name]; !ok {
			cache.first[name] = n
		} else {
			end, ok := last[name]
			if !ok {
				end = first
			}
			cache.entries[end].next, last[name] = n, n
		}
	}
	return cache
}

func cacheString(text string, off uint32) string {
	if uint64(off) >= uint64(len(text)) {
		return ""
	}
	text = text[off:]
	end := strings.IndexByte(text[:min(len(text), maxString)], 0)
	if end < 0 {
		return ""
	}
	return text[:end]
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
	n, ok := c.first[name]
	if !ok {
		return true
	}
	for i := range len(hwcaps) + 1 {
		want := ""
		if i < len(hwcaps) {
			want = hwcaps[i]
		}
		for e := n; e >= 0; e = c.entries[e].next {
			if p := c.entries[e].path; hwcapOf(p) == want && !yield(p) {
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
