// Command lambdapack builds and packages AWS Lambda functions that are native
// programs, for the OS-only runtimes provided.al2 and provided.al2023.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() { os.Exit(mainCode(time.Now)) }

// mainCode runs the command line of this process. The first signal cancels
// what runs; a second one ends the process at once.
func mainCode(now func() time.Time) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, environment{
		args: os.Args[1:], stdout: os.Stdout, stderr: os.Stderr,
		env: os.Environ(), userCacheDir: os.UserCacheDir, now: now,
	})
}
