// Package image writes a package as a container image for AWS Lambda: the
// runtime's base image, and on it one layer of libraries and included files
// and one of the executable. No container engine is needed.
//
// It guarantees of an image:
//   - one manifest for one platform, with gzip layers, of the base's own kind
//     (Docker image manifest v2 schema 2, or OCI 1.1); never an index, an
//     attestation, or a layer that is uncompressed or zstd, since Lambda takes
//     none of these;
//   - history for every layer, and a manifest below maxManifest bytes;
//   - the digest depends on the base, the package and the options alone: not
//     on the host, the directory, the umask, the number of cores or the clock.
//
// A [Client] finds bases, makes images with [Client.Append] and writes them
// with [Client.Stage], which takes effect only with [Staged.Commit].
//
// Facts are after the OCI Image Format and Distribution Specifications 1.1,
// "Image Manifest V 2, Schema 2" of the Docker registry, and "Create a Lambda
// function using a container image" of the AWS Lambda Developer Guide.
package image
