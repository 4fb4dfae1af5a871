module fixture/libpq

go 1.26.0
