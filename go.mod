module github.com/lambdapack/lambdapack

go 1.26.0
