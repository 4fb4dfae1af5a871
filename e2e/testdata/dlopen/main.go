// A function that opens OpenSSL at run time only, as Go's own FIPS builds do,
// and prints its version.
package main

/*
#include <dlfcn.h>
#include <stddef.h>

static const char *version(void) {
	void *ssl = dlopen("libssl.so.3", RTLD_NOW);
	if (ssl == NULL)
		return dlerror();
	// Defined in libcrypto, which libssl needs.
	const char *(*version)(int) = (const char *(*)(int))dlsym(ssl, "OpenSSL_version");
	return version == NULL ? dlerror() : version(0);
}
*/
import "C"

func main() { println(C.GoString(C.version())) }
