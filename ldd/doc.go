// Package ldd says which shared libraries an ELF program needs and which files
// a dynamic loader would choose for them, for any architecture, from any host,
// inside a [Sysroot].
//
// What it guarantees:
//
//   - Nothing is executed. Files are read, never run, with one exception that
//     its caller has to ask for by name: [NativeList] and [Oracle] put the
//     question to the real dynamic loader, and are meant for binaries that were
//     built in the same run.
//   - Hostile files are harmless: every count, offset and length is checked
//     against the size of the file, names are bounded, and an odd file is an
//     error that says what is odd. Only program headers are used, so files
//     without section headers work.
//   - The same files give the same [Closure], in the same order.
//   - The package prints nothing, reads no environment and never exits.
//
// [Inspect] reads one ELF file. [Walk] follows its needs as the loader would:
// breadth first, each library once, in the search order of glibc (ld.so(8)) or
// of musl. Which of the two is decided by the program's interpreter.
//
// Words: a soname is the DT_SONAME of a library; a sysroot is the file tree in
// which the program will run; DT_NEEDED, DT_RPATH and DT_RUNPATH are the entries
// of the ELF dynamic section with these names. The facts come from the System V
// gABI, the man pages ld.so(8), ldconfig(8) and elf(5), and from how glibc and
// musl behave; where a detail rests on one of them, a comment says so.
package ldd
