// A function that links zlib and C++, and prints zlib's version, a sum and a
// file.
package main

// #cgo LDFLAGS: -lz
// #include <zlib.h>
// int sum(int n);
import "C"

import "os"

func main() {
	text, err := os.ReadFile("greeting.txt")
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
	println(C.GoString(C.zlibVersion()), int(C.sum(7)), string(text))
}
