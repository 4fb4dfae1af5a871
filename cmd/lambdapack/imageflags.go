package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/lambdapack/lambdapack"
)

// addImageFlags adds the flags that only count for --format image. In the
// places where images go {name} stands for the function's name.
func addImageFlags(c *cobra.Command, o *lambdapack.ImageOptions) {
	flags := c.Flags()
	flags.StringVar(&o.Base, "base-image", "", "`image` to build on: a reference, oci:DIR, a tarball or scratch (default the runtime's)")
	flags.StringArrayVar(&o.Push, "push", nil, "push the image to `REPO[:TAG]`; {name} stands for the function")
	flags.StringArrayVar(&o.Layouts, "oci-layout", nil, "write the image into an OCI layout, a `directory`")
	flags.StringArrayVar(&o.Tarballs, "tarball", nil, "write the image into a `file` for docker load")
	flags.BoolVar(&o.Local, "local", false, "load the image into docker or podman")
	flags.StringVar(&o.Engine, "engine", "", "`program` that --local loads it into (default docker, else podman)")
	flags.StringVar(&o.Tag, "tag", "", "the image's `name` in layouts, tarballs and engines")
	flags.StringArrayVar(&o.Insecure, "insecure-registry", nil, "talk to the registry `HOST:PORT` in plain HTTP")
	flags.BoolVar(&o.Offline, "offline", false, "take base images from the cache and local files only")
	flags.BoolVar(&o.Entrypoint, "entrypoint", false, "start the program itself, not the base's entrypoint")
	flags.BoolVar(&o.SnapStart, "snapstart", false, "set the label by which Lambda allows SnapStart")
	flags.StringVar(&o.Source, "source", "", "`URL` of the source code, for the image's labels")
	flags.StringVar(&o.Revision, "revision", "", "`revision` of the source code, for the image's labels")
}

// created reads SOURCE_DATE_EPOCH, seconds since 1970
// (reproducible-builds.org/specs/source-date-epoch). Without it an image says
// the Unix epoch.
func (a *app) created() (time.Time, error) {
	text := a.getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return time.Time{}, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return time.Time{}, usage(fmt.Errorf("SOURCE_DATE_EPOCH: %q is not a number of seconds since 1970", text))
	}
	return time.Unix(n, 0).UTC(), nil
}
