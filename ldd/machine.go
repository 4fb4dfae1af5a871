package ldd

import (
	"debug/elf"
	"fmt"
	"strings"
)

// A platform is what a dynamic loader's build fixes for one machine.
type platform struct {
	machine  elf.Machine
	class    elf.Class
	data     elf.Data
	name     string // $PLATFORM and the machine part of musl's loader
	triplet  string // Debian's multiarch directory
	libDir   string // lib or lib64, where distributions without multiarch put it
	loader   string // glibc's PT_INTERP
	cacheTag uint32 // the architecture byte of an ld.so.cache entry's flags
}

// platforms lists the machines whose loader directories are known. The loaders
// are those of the psABI supplements, the cache tags those of glibc's
// sysdeps/generic/ldconfig.h. Other machines still work where the program names
// its interpreter.
var platforms = []platform{
	{elf.EM_X86_64, elf.ELFCLASS64, elf.ELFDATA2LSB, "x86_64", "x86_64-linux-gnu", "lib64", "/lib64/ld-linux-x86-64.so.2", 0x0300},
	{elf.EM_AARCH64, elf.ELFCLASS64, elf.ELFDATA2LSB, "aarch64", "aarch64-linux-gnu", "lib64", "/lib/ld-linux-aarch64.so.1", 0x0a00},
	{elf.EM_386, elf.ELFCLASS32, elf.ELFDATA2LSB, "i386", "i386-linux-gnu", "lib", "/lib/ld-linux.so.2", 0x0000},
	{elf.EM_ARM, elf.ELFCLASS32, elf.ELFDATA2LSB, "armhf", "arm-linux-gnueabihf", "lib", "/lib/ld-linux-armhf.so.3", 0x0900},
	{elf.EM_RISCV, elf.ELFCLASS64, elf.ELFDATA2LSB, "riscv64", "riscv64-linux-gnu", "lib64", "/lib/ld-linux-riscv64-lp64d.so.1", 0x1000},
	{elf.EM_PPC64, elf.ELFCLASS64, elf.ELFDATA2LSB, "powerpc64le", "powerpc64le-linux-gnu", "lib64", "/lib64/ld64.so.2", 0x0500},
	{elf.EM_S390, elf.ELFCLASS64, elf.ELFDATA2MSB, "s390x", "s390x-linux-gnu", "lib64", "/lib/ld64.so.1", 0x0400},
}

// platformOf returns the row for the machine of f; a machine without a row gets
// one with nothing but its identity.
func platformOf(f *File) platform {
	for _, p := range platforms {
		if p.machine == f.Machine && p.class == f.Class && p.data == f.Data {
			return p
		}
	}
	return platform{machine: f.Machine, class: f.Class, data: f.Data, libDir: "lib"}
}

// defaultDirs returns the union of the directories that glibc builds of the
// machine search last: Debian's multiarch ones, then those of upstream.
func (p platform) defaultDirs() []string {
	var dirs []string
	if p.triplet != "" {
		dirs = append(dirs, "/lib/"+p.triplet, "/usr/lib/"+p.triplet)
	}
	if p.libDir != "lib" {
		dirs = append(dirs, "/"+p.libDir, "/usr/"+p.libDir)
	}
	return append(dirs, "/lib", "/usr/lib")
}

// sameMachine reports whether a loader for a accepts b: machine, class and byte
// order agree.
func sameMachine(a, b *File) bool {
	return a.Machine == b.Machine && a.Class == b.Class && a.Data == b.Data
}

// MachineName returns a short name of the file's machine and class, such as
// "x86_64", "aarch64" or "i386"; for machines without one, debug/elf's name.
func (f *File) MachineName() string {
	if p := platformOf(f); p.name != "" {
		return p.name
	}
	bits := "32-bit"
	if f.Class == elf.ELFCLASS64 {
		bits = "64-bit"
	}
	return fmt.Sprintf("%s %s", strings.ToLower(strings.TrimPrefix(f.Machine.String(), "EM_")), bits)
}

// machineName is MachineName where only the machine is known.
func machineName(m elf.Machine) string {
	for _, p := range platforms {
		if p.machine == m {
			return p.name
		}
	}
	return strings.ToLower(strings.TrimPrefix(m.String(), "EM_"))
}
