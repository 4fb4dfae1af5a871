// A function that links a library of its own, which lies beside it.
package main

// #cgo LDFLAGS: -L${SRCDIR}/lib -lanswer
// int answer(void);
import "C"

func main() { println(int(C.answer())) }
