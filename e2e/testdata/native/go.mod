module fixture/native

go 1.26.0
