module fixture/dlopen

go 1.26.0
