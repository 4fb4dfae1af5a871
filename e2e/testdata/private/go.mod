module fixture/private

go 1.26.0
