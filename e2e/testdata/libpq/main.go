// A function that links libpq and little else: it is compiled anew for every
// sysroot.
package main

// #cgo pkg-config: libpq
// #include <libpq-fe.h>
import "C"

func main() { println(int(C.PQlibVersion())) }
