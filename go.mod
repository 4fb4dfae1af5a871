module github.com/lambdapack/lambdapack

go 1.26.0

require github.com/u-root/u-root v0.16.0
